#include "base/text.h"
#include "providers/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef const struct provider *find_function(const char *name);

struct found {
    find_function *find;
    const char *name;
    const char *id; /* NULL: nobody's */
};

static const struct found founds[] = {
    { provider_find, "microsoft365", "microsoft365" },
    { provider_find, "generic", "generic" },
    { provider_find, "Microsoft365", NULL },
    { provider_find, "", NULL },
    { provider_by_mx, "contoso-com.mail.protection.outlook.com", "microsoft365" },
    { provider_by_mx, "CONTOSO-COM.MAIL.PROTECTION.OUTLOOK.COM.", "microsoft365" },
    { provider_by_mx, "contoso-com.a-v1.mx.microsoft", "microsoft365" },
    { provider_by_mx, "outlook-com.olc.protection.outlook.com", "outlook-consumer" },
    { provider_by_mx, "eur.olc.protection.outlook.com", "outlook-consumer" },
    { provider_by_mx, "agency.protection.office365.us", "microsoft365-gcc-high" },
    { provider_by_mx, "agency.usgovcloud-mx.microsoft", "microsoft365-gcc-high" },
    { provider_by_mx, "unit.protection.apps.mil", "microsoft365-dod" },
    { provider_by_mx, "firm.mail.protection.partner.outlook.cn", "microsoft365-21vianet" },
    { provider_by_mx, "aspmx.l.google.com", "gmail" },
    { provider_by_mx, "alt1.aspmx.l.google.com", "gmail" },
    { provider_by_mx, "smtp.google.com", "gmail" },
    { provider_by_mx, "mta5.am0.yahoodns.net", "yahoo" },
    { provider_by_mx, "mx-aol.mail.gm0.yahoodns.net", "aol" },
    { provider_by_mx, "mx01.mail.icloud.com", "icloud" },
    { provider_by_mx, "in1-smtp.messagingengine.com", "fastmail" },
    { provider_by_mx, "mx2.zoho.eu", "zoho-eu" },
    { provider_by_mx, "mail.protection.outlook.com", NULL }, /* the suffix itself is no tenant */
    { provider_by_mx, "evilmail.protection.outlook.com.example", NULL },
    { provider_by_mx, "xmail.protection.outlook.com", NULL },
    { provider_by_mx, "mx.microsoft.com", NULL },
    { provider_by_mx, "", NULL },
    { provider_by_mx, ".", NULL },
    { provider_by_host, "smtp.office365.com", "microsoft365" },
    { provider_by_host, "Outlook.Office365.com.", "microsoft365" },
    { provider_by_host, "SY5P282CA0097.outlook.office365.com", "microsoft365" },
    { provider_by_host, "smtp-legacy.office365.com", "microsoft365-legacy-tls" },
    { provider_by_host, "smtp.hve.mx.microsoft", "microsoft365-hve" },
    { provider_by_host, "smtp.office365.us", "microsoft365-gcc-high" },
    { provider_by_host, "outlook-dod.office365.us", "microsoft365-dod" },
    { provider_by_host, "partner.outlook.cn", "microsoft365-21vianet" },
    { provider_by_host, "smtp-mail.outlook.com", "outlook-consumer" },
    { provider_by_host, "imap.gmail.com", "gmail" },
    { provider_by_host, "gmail.com", NULL },
    { provider_by_host, "office365.com.example", NULL },
    { provider_by_domain, "gmail.com", "gmail" },
    { provider_by_domain, "hotmail.com", "outlook-consumer" },
    { provider_by_domain, "contoso.onmicrosoft.com", "microsoft365" },
    { provider_by_domain, "onmicrosoft.com", NULL },
    { provider_by_domain, "contoso.com", NULL },
};

static void test_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof founds / sizeof *founds; i++) {
        const struct provider *provider = founds[i].find(founds[i].name);
        const char *id = provider ? provider->id : NULL;
        if (!id || !founds[i].id ? id != founds[i].id : strcmp(id, founds[i].id) != 0)
            fail_msg("%s: found %s, expected %s", founds[i].name, id ? id : "nobody",
                     founds[i].id ? founds[i].id : "nobody");
    }
}

static void show(struct buffer *out, const char *id)
{
    const struct provider *provider = provider_find(id);
    assert_non_null(provider);
    for (size_t i = 0; i < provider->endpoint_count; i++) {
        const struct provider_endpoint *e = &provider->endpoints[i];
        buffer_format(out, "%s:%d %s %s %s%s\n", e->host, e->port, e->service, e->security,
                      e->expectation, e->transfer ? " transfer" : "");
    }
}

static void test_microsoft365(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    show(&out, "microsoft365");
    buffer_append(&out, "", 1);
    /* Port 25 is submission there, so no "transfer"; 465 is not offered. */
    assert_string_equal(buffer_bytes(&out).data,
                        "smtp.office365.com:587 smtp starttls offered\n"
                        "smtp.office365.com:25 smtp starttls optional\n"
                        "smtp.office365.com:465 smtp implicit not-offered\n"
                        "outlook.office365.com:993 imap implicit offered\n"
                        "outlook.office365.com:143 imap starttls optional\n"
                        "outlook.office365.com:995 pop3 implicit offered\n"
                        "outlook.office365.com:110 pop3 starttls optional\n");
    buffer_done(&out);
}

static void test_clouds(void **state)
{
    (void)state;
    for (size_t i = 0; i < provider_count; i++) {
        const struct provider *provider = &providers[i];
        bool microsoft = text_starts_fold(text_bytes(provider->id), "microsoft365");
        assert_int_equal(microsoft, strcmp(provider->family, "microsoft365") == 0);
        assert_true(!microsoft || provider->cloud);
        assert_non_null(provider->administrator);
        assert_int_equal(provider->endpoint_count == 0, strcmp(provider->id, "generic") == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_microsoft365),
        cmocka_unit_test(test_clouds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
