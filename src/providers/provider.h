/* The mail providers that are known by name: data of providers.json, made into tables at build
 * time. */
#ifndef PROVIDERS_PROVIDER_H
#define PROVIDERS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

/* One documented port. Words as in result/trace.h: providers lie below it. */
struct provider_endpoint {
    const char *host;
    int port;
    const char *service;     /* "smtp", "imap", "pop3" */
    const char *security;    /* "plain", "starttls", "implicit" */
    const char *expectation; /* "offered", "optional", "not-offered" */
    bool transfer;           /* port 25 as an MX: mail between servers, no AUTH */
};

/* What a provider asks firewalls to allow. It changes: a hint, with its date. */
struct provider_published {
    const char *date;          /* "2026-08-14" */
    const char *source;        /* the document */
    const char *tcp_ports;     /* "143,587,993,995" */
    const char *const *hosts;  /* "smtp.office365.com", "*.mx.microsoft"; ended by NULL */
    const char *const *ranges; /* "40.96.0.0/13"; ended by NULL */
};

/* Where access tokens for its mail come from, and what a good one says. */
struct provider_oauth {
    const char *kind;       /* "entra", "google": which dialect the authority speaks */
    const char *authority;  /* "https://login.microsoftonline.com" */
    const char *browser;    /* where a person signs in */
    const char *tenant;     /* for those who name none; NULL: there are no tenants */
    const char *resource;   /* what scopes begin with */
    const char *federation; /* the audience of an assertion from elsewhere; NULL: takes none */
    const char *const *audiences; /* good values of a token's aud; ended by NULL */
};

struct provider {
    const char *id; /* "microsoft365", "microsoft365-gcc-high", "outlook-consumer", "gmail", ... */
    const char *family; /* "microsoft365" for each of its clouds, "yahoo" also for AOL: servers that
                           speak the same words; else the id */
    const char *title;  /* "Microsoft 365" */
    const char *cloud;  /* "worldwide", ...; NULL */
    const char *const *mx_suffixes; /* ".mail.protection.outlook.com"; ended by NULL */
    const char *const *
        host_suffixes; /* hosts that are this provider's: exact names or ".suffix"; ended by NULL */
    const char *const
        *domains; /* mail domains that are always this provider's: "gmail.com"; ended by NULL */
    const struct provider_endpoint *endpoints;
    size_t endpoint_count;
    const struct provider_published *published;
    size_t published_count;             /* 0: nothing is known */
    const struct provider_oauth *oauth; /* NULL: this program knows no authority of theirs */
    const char *administrator;          /* who mends it: "your Microsoft 365 administrator" */
};

/* A way to send that people are told to set up: --route. */
struct provider_route {
    const char *id;     /* "submission", "hve", "direct-send", "relay" */
    const char *title;  /* "Direct Send to the domain's own MX" */
    const char *family; /* only this provider has it; NULL: anybody */
    const char *host;   /* NULL: with a login the provider's own hosts, without the domain's MX */
    int port;
    bool login;
    const char *limit; /* "it carries mail to recipients inside the organisation only"; NULL */
};
extern const struct provider_route provider_routes[];
extern const size_t provider_route_count;
const struct provider_route *provider_route_find(const char *id); /* NULL when unknown */

extern const struct provider providers[];
extern const size_t provider_count;

/* By id ("generic" is one of them and has no endpoints); NULL when unknown. */
const struct provider *provider_find(const char *id);
/* NULL when nobody's. The longest suffix wins. Names compare without case and without a final dot.
 */
const struct provider *provider_by_mx(const char *mx_host);
const struct provider *provider_by_host(const char *host);
const struct provider *provider_by_domain(const char *domain);

#endif
