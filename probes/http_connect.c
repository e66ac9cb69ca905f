#include "probes/http_connect.h"

#include "base/crypto.h"
#include "base/text.h"

#include <string.h>

enum {
    STATUS_LINE = 12,   /* "HTTP/1.1 200" */
    STRANGE_WORDS = 80, /* of something else's first line: enough to tell what it is */
};

/* RFC 7617 section 2: sent at once, since a proxy that asks for it first costs a round trip. */
static void append_login(struct proxy_talk *talk)
{
    struct bytes password = secret_bytes(talk->wish.password);
    struct buffer login;
    buffer_init(&login, PROXY_LOGIN_LIMIT + SECRET_LIMIT + 1);
    buffer_format(&login, "%s:", talk->wish.user);
    buffer_append(&login, password.data, password.size);
    buffer_append_text(&talk->out, "Proxy-Authorization: Basic ");
    crypto_base64_encode(&talk->out, buffer_bytes(&login));
    buffer_append_text(&talk->out, "\r\n");
    buffer_done(&login);
}

void http_connect_begin(struct proxy_talk *talk)
{
    const struct proxy_wish *wish = &talk->wish;
    /* RFC 9110 sections 7.2 and 9.3.6: the target is host and port, and so is Host. */
    static const char plain[] = "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n";
    static const char brackets[] = "CONNECT [%s]:%d HTTP/1.1\r\nHost: [%s]:%d\r\n";
    buffer_format(&talk->out, wish->address_size == 16 ? brackets : plain, wish->host, wish->port,
                  wish->host, wish->port);
    if (wish->user)
        append_login(talk);
    buffer_append_text(&talk->out, "\r\n");
    talk->want = 1; /* where the headers end is only known when they do */
}

/* Keeps the status line, and of the headers those that say more. */
static void keep_words(struct proxy_talk *talk, struct bytes head)
{
    static const char *const telling[] = { "Proxy-Authenticate:", "X-Squid-Error:" };
    struct bytes line;
    for (bool first = true; text_next_line(&head, &line); first = false) {
        bool keep = first;
        for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
            keep = keep || text_starts_fold(line, telling[i]);
        if (!keep)
            continue;
        if (!first)
            buffer_append_text(&talk->words, "\r\n");
        /* What is too long for the words is cut, not dropped. */
        size_t room = talk->words.limit - buffer_size(&talk->words);
        buffer_append(&talk->words, line.data, line.size < room ? line.size : room);
    }
}

/* 100 to 599, or 0 when HEAD is no HTTP. */
static int status_of(struct bytes head)
{
    static const char form[] = "HTTP/d.d ddd";
    if (head.size < STATUS_LINE)
        return 0;
    for (size_t i = 0; i < STATUS_LINE; i++) {
        bool digit = head.data[i] >= '0' && head.data[i] <= '9';
        if (form[i] == 'd' ? !digit : head.data[i] != form[i])
            return 0;
    }
    int status = (head.data[9] - '0') * 100 + (head.data[10] - '0') * 10 + (head.data[11] - '0');
    return status >= 100 && status <= 599 ? status : 0;
}

static void refused(struct proxy_talk *talk, int status)
{
    /* RFC 9110 section 15.6: a gateway's 502 and 504 are about the server behind it, and Squid says
     * 503 for the same. Tinyproxy says 500 for it, others for their own trouble. */
    if (status == 407 || status == 401) /* Tinyproxy's word for a wrong one */
        proxy_talk_fail(talk, FAILURE_PROXY_LOGIN,
                        talk->wish.user ? "the proxy refused the user name or password"
                                        : "the proxy wants a login");
    else if (status == 500)
        proxy_talk_fail(talk, FAILURE_PROXY_FAILED, "HTTP status %d", status);
    else if (status > 500)
        proxy_talk_fail(talk, FAILURE_PROXY_TARGET, "HTTP status %d", status);
    else
        proxy_talk_fail(talk, FAILURE_PROXY_REFUSED, "HTTP status %d", status);
}

static void head_came(struct proxy_talk *talk)
{
    struct bytes head = buffer_bytes(&talk->in);
    int status = status_of(head);
    buffer_clear(&talk->words);
    keep_words(talk, head);
    if (status == 0)
        proxy_talk_fail(talk, FAILURE_PROXY_BROKEN, "what answers does not speak HTTP");
    else if (status >= 200 && status <= 299)
        talk->state = PROXY_OPEN;
    else if (status >= 200)
        refused(talk, status);
    /* RFC 9110 section 15.2: an interim answer; the final one follows. */
}

/* Something else answers: told from its first bytes, without waiting for an end of headers. */
static bool is_strange(struct bytes in)
{
    static const char start[] = "HTTP/";
    size_t size = in.size < sizeof start - 1 ? in.size : sizeof start - 1;
    return memcmp(in.data, start, size) != 0;
}

static bool is_complete(struct bytes in)
{
    /* A lone LF may end a line too (RFC 9112 section 2.2). */
    size_t n = in.size;
    return (n >= 4 && memcmp(in.data + n - 4, "\r\n\r\n", 4) == 0) ||
           (n >= 2 && memcmp(in.data + n - 2, "\n\n", 2) == 0);
}

/* A stranger's words as far as they came: shown, since they tell what it is. */
static void strange(struct proxy_talk *talk, const char *why)
{
    struct bytes in = buffer_bytes(&talk->in);
    size_t room = talk->words.limit - buffer_size(&talk->words);
    buffer_append(&talk->words, in.data, in.size < room ? in.size : room);
    proxy_talk_fail(talk, FAILURE_PROXY_BROKEN, "%s", why);
}

size_t http_connect_bytes(struct proxy_talk *talk, struct bytes bytes)
{
    size_t taken = 0;
    while (talk->state == PROXY_ASKING && taken < bytes.size) {
        buffer_append(&talk->in, bytes.data + taken++, 1);
        struct bytes in = buffer_bytes(&talk->in);
        talk->strange = is_strange(in);
        if (talk->in.overflow)
            strange(talk, "the proxy's answer has no end");
        else if (talk->strange && (in.size >= STRANGE_WORDS || in.data[in.size - 1] == '\n'))
            strange(talk, "what answers does not speak HTTP");
        else if (is_complete(in)) {
            head_came(talk);
            buffer_clear(&talk->in);
        }
    }
    if (talk->state == PROXY_OPEN)
        talk->want = 0;
    return talk->state == PROXY_OPEN ? taken : bytes.size;
}
