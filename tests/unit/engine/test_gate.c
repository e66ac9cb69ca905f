/* The credential gate: who may try a login, who waits, who is kept back, and why. */
#include "engine/gate.h"
#include "engine/gate_memory.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000 };

/* One session as the gate sees it. */
struct asker {
    struct gate_request request;
    bool answered;
    enum login_block block;
    char earlier[128];
};

static void answered(struct gate_request *request, enum login_block block, struct bytes earlier)
{
    struct asker *asker = request->arg;
    assert_false(asker->answered);
    asker->answered = true;
    asker->block = block;
    snprintf(asker->earlier, sizeof asker->earlier, "%.*s", (int)earlier.size,
             earlier.data ? earlier.data : "");
}

static void ask_with(struct gate *gate, struct asker *asker, enum service service, bool token)
{
    *asker = (struct asker) { .request = { .service = service,
                                           .host = "mail.example.org",
                                           .token = token,
                                           .verified = true,
                                           .answer = answered,
                                           .arg = asker } };
    gate_ask(gate, &asker->request);
}

static void ask(struct gate *gate, struct asker *asker, enum service service)
{
    ask_with(gate, asker, service, false);
}

static void report(struct gate *gate, struct asker *asker, enum login_outcome outcome)
{
    gate_report(gate, &asker->request, outcome, text_bytes("535 no"));
}

static bool may_go(const struct asker *asker)
{
    return asker->answered && asker->block == BLOCK_NONE;
}

struct fixture {
    struct secret *password, *token;
    struct gate_options options;
    char dir[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->password = secret_new(text_bytes("correct horse"));
    f->token = secret_new(text_bytes("eyJ-token"));
    strcpy(f->dir, "/tmp/maildoctor-gate-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->options =
        (struct gate_options) { .user = "ana@example.org", .password = f->password, .now_s = NOW };
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = { "state/refused", "state/refused.lock", "state/refused.new",
                                         "state", "" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", f->dir, files[i]);
        remove(path);
    }
    secret_free(f->password);
    secret_free(f->token);
    free(f);
    return 0;
}

/* A token that cannot be good there is kept, of which nothing follows for others; a password is not
 * looked at. */
static void an_unfit_token_stays(void **state)
{
    struct fixture *f = *state;
    for (int retry = 0; retry < 2; retry++) {
        struct asker smtp = { .request = { .service = SERVICE_SMTP,
                                           .host = "mail.example.org",
                                           .token = true,
                                           .unfit = BLOCK_TOKEN_AUDIENCE,
                                           .verified = true,
                                           .answer = answered,
                                           .arg = &smtp } };
        struct asker imap;
        f->options.token = f->token;
        f->options.retry = retry;
        struct gate *gate = gate_new(&f->options);
        gate_ask(gate, &smtp.request);
        assert_true(smtp.answered);
        assert_int_equal(smtp.block, retry ? BLOCK_NONE : BLOCK_TOKEN_AUDIENCE);
        ask_with(gate, &imap, SERVICE_IMAP, true);
        assert_true(may_go(&imap));
        gate_free(gate);
    }
}

static void one_try_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp, imap, pop;
    ask(gate, &smtp, SERVICE_SMTP);
    ask(gate, &imap, SERVICE_IMAP);
    ask(gate, &pop, SERVICE_POP3);
    assert_true(may_go(&smtp));
    assert_false(imap.answered);
    assert_false(pop.answered);
    report(gate, &smtp, LOGIN_ACCEPTED);
    assert_true(may_go(&imap));
    assert_true(may_go(&pop));
    gate_free(gate);
}

static void a_judged_password_is_spent(void **state)
{
    struct fixture *f = *state;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp, imap, later;
    f->options.all_logins = true;
    ask(gate, &smtp, SERVICE_SMTP);
    ask(gate, &imap, SERVICE_IMAP);
    report(gate, &smtp, LOGIN_JUDGED);
    assert_int_equal(imap.block, BLOCK_REFUSED_ELSEWHERE);
    ask(gate, &later, SERVICE_POP3);
    assert_int_equal(later.block, BLOCK_REFUSED_ELSEWHERE);
    gate_free(gate);
}

static void an_unjudged_one_may_try_each_other_protocol_once(void **state)
{
    struct fixture *f = *state;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp, smtp2, imap, pop;
    ask(gate, &smtp, SERVICE_SMTP);
    ask(gate, &smtp2, SERVICE_SMTP);
    ask(gate, &imap, SERVICE_IMAP);
    ask(gate, &pop, SERVICE_POP3);
    report(gate, &smtp, LOGIN_UNJUDGED);
    assert_int_equal(smtp2.block, BLOCK_TRIED_ELSEWHERE);
    assert_true(may_go(&imap));
    assert_false(pop.answered);
    report(gate, &imap, LOGIN_JUDGED);
    assert_int_equal(pop.block, BLOCK_REFUSED_ELSEWHERE);
    gate_free(gate);
}

static void one_login_a_protocol_unless_all_are_asked_for(void **state)
{
    struct fixture *f = *state;
    for (int all = 0; all < 2; all++) {
        f->options.all_logins = all;
        struct gate *gate = gate_new(&f->options);
        struct asker first, second;
        ask(gate, &first, SERVICE_SMTP);
        ask(gate, &second, SERVICE_SMTP);
        report(gate, &first, LOGIN_ACCEPTED);
        assert_true(second.answered);
        assert_int_equal(second.block, all ? BLOCK_NONE : BLOCK_SHOWN_ELSEWHERE);
        gate_free(gate);
    }
}

static void three_at_once_and_pop3_alone(void **state)
{
    struct fixture *f = *state;
    f->options.all_logins = true;
    struct gate *gate = gate_new(&f->options);
    struct asker pop, pop2, imap, imap2, smtp;
    ask(gate, &pop, SERVICE_POP3);
    report(gate, &pop, LOGIN_ACCEPTED);
    ask(gate, &pop2, SERVICE_POP3);
    assert_false(pop2.answered); /* the mailbox is locked by the first */
    ask(gate, &imap, SERVICE_IMAP);
    ask(gate, &imap2, SERVICE_IMAP);
    ask(gate, &smtp, SERVICE_SMTP);
    assert_true(may_go(&imap));
    assert_true(may_go(&imap2));
    assert_false(smtp.answered);
    report(gate, &imap, LOGIN_ACCEPTED);
    report(gate, &imap2, LOGIN_ACCEPTED);
    gate_leave(gate, &imap.request);
    assert_true(may_go(&smtp));
    report(gate, &smtp, LOGIN_ACCEPTED);
    gate_leave(gate, &pop.request);
    assert_true(may_go(&pop2));
    gate_free(gate);
}

static void what_never_gets_a_secret(void **state)
{
    struct fixture *f = *state;
    static const struct {
        bool user, verified, guessed, insecure;
        enum login_block block;
    } cases[] = {
        { .user = true, .verified = true, .block = BLOCK_NONE },
        { .user = false, .verified = true, .block = BLOCK_NO_CREDENTIAL },
        { .user = true, .verified = false, .block = BLOCK_UNVERIFIED_TLS },
        { .user = true, .verified = false, .insecure = true, .block = BLOCK_NONE },
        { .user = true, .verified = true, .guessed = true, .block = BLOCK_GUESSED_HOST },
        { .user = true,
          .verified = false,
          .guessed = true,
          .insecure = true,
          .block = BLOCK_GUESSED_HOST },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate_options options = f->options;
        options.user = cases[i].user ? options.user : NULL;
        options.insecure = cases[i].insecure;
        struct gate *gate = gate_new(&options);
        struct asker a = { .request = { .service = SERVICE_IMAP,
                                        .verified = cases[i].verified,
                                        .guessed = cases[i].guessed,
                                        .answer = answered } };
        a.request.arg = &a;
        gate_ask(gate, &a.request);
        assert_true(a.answered);
        assert_int_equal(a.block, cases[i].block);
        gate_withdraw(gate, &a.request);
        gate_free(gate);
    }
}

static void tokens_lock_nothing(void **state)
{
    struct fixture *f = *state;
    f->options.token = f->token;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp, smtp2, imap;
    ask_with(gate, &smtp, SERVICE_SMTP, true);
    ask_with(gate, &imap, SERVICE_IMAP, true);
    ask_with(gate, &smtp2, SERVICE_SMTP, true);
    assert_true(may_go(&smtp));
    assert_true(may_go(&imap));
    assert_false(smtp2.answered);
    report(gate, &smtp, LOGIN_JUDGED);
    assert_int_equal(smtp2.block, BLOCK_TRIED_ELSEWHERE);
    gate_free(gate);
}

/* A token beside it does not make a password one that may be tried everywhere. */
static void a_password_beside_a_token_is_still_one(void **state)
{
    struct fixture *f = *state;
    f->options.token = f->token;
    f->options.all_logins = true;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp, imap, token;
    ask(gate, &smtp, SERVICE_SMTP);
    ask(gate, &imap, SERVICE_IMAP);
    assert_true(may_go(&smtp));
    assert_false(imap.answered);
    report(gate, &smtp, LOGIN_JUDGED);
    assert_int_equal(imap.block, BLOCK_REFUSED_ELSEWHERE);
    ask_with(gate, &token, SERVICE_POP3, true);
    assert_true(may_go(&token));
    gate_withdraw(gate, &token.request);
    gate_free(gate);
}

static void a_frozen_gate_answers_nobody(void **state)
{
    struct fixture *f = *state;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp, imap;
    ask(gate, &smtp, SERVICE_SMTP);
    ask(gate, &imap, SERVICE_IMAP);
    gate_freeze(gate);
    report(gate, &smtp, LOGIN_JUDGED);
    gate_withdraw(gate, &imap.request);
    assert_false(imap.answered);
    gate_free(gate);
}

static void a_session_that_vanishes_frees_its_place(void **state)
{
    struct fixture *f = *state;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp, imap, pop;
    ask(gate, &smtp, SERVICE_SMTP);
    ask(gate, &imap, SERVICE_IMAP);
    ask(gate, &pop, SERVICE_POP3);
    gate_withdraw(gate, &imap.request);
    assert_false(imap.answered);
    gate_withdraw(gate, &smtp.request);
    assert_true(may_go(&pop));
    gate_free(gate);
}

static void the_documented_port_is_waited_for(void **state)
{
    struct fixture *f = *state;
    for (int way = 0; way < 3; way++) {
        struct gate *gate = gate_new(&f->options);
        struct asker quick, imap,
            documented = { .request = { .service = SERVICE_SMTP,
                                        .verified = true,
                                        .expected = true,
                                        .answer = answered } };
        documented.request.arg = &documented;
        gate_expect(gate, SERVICE_SMTP);
        ask(gate, &quick, SERVICE_SMTP);
        assert_false(quick.answered);
        if (way == 0) {
            gate_ask(gate, &documented.request);
            assert_true(may_go(&documented));
            report(gate, &documented, LOGIN_ACCEPTED);
            assert_int_equal(quick.block, BLOCK_SHOWN_ELSEWHERE);
        } else if (way == 1) {
            gate_unexpect(gate, SERVICE_SMTP);
            assert_true(may_go(&quick));
        } else {
            ask(gate, &imap, SERVICE_IMAP); /* another service is not kept waiting */
            assert_true(may_go(&imap));
            report(gate, &imap, LOGIN_ACCEPTED);
            gate_expect_nobody(gate);
            assert_true(may_go(&quick));
        }
        gate_free(gate);
    }
}

static void an_earlier_refusal_holds_for_half_an_hour(void **state)
{
    struct fixture *f = *state;
    char dir[128], path[160];
    snprintf(dir, sizeof dir, "%s/state", f->dir);
    snprintf(path, sizeof path, "%s/refused", dir);
    f->options.state_dir = dir;
    struct gate *gate = gate_new(&f->options);
    struct asker smtp;
    ask(gate, &smtp, SERVICE_SMTP);
    report(gate, &smtp, LOGIN_JUDGED);
    gate_free(gate);

    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);

    static const struct {
        int64_t later_s;
        bool retry, other_user, other_host;
        enum login_block block;
    } cases[] = {
        { .later_s = 300, .block = BLOCK_REFUSED_EARLIER },
        { .later_s = 300, .other_host = true, .block = BLOCK_REFUSED_EARLIER },
        { .later_s = 300, .retry = true, .block = BLOCK_NONE },
        { .later_s = 300, .other_user = true, .block = BLOCK_NONE },
        { .later_s = GATE_MEMORY_SECONDS - 1, .block = BLOCK_REFUSED_EARLIER },
        { .later_s = GATE_MEMORY_SECONDS, .block = BLOCK_NONE },
        { .later_s = -1, .block = BLOCK_NONE }, /* the clock was set back */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate_options options = f->options;
        options.now_s = NOW + cases[i].later_s;
        options.retry = cases[i].retry;
        options.user = cases[i].other_user ? "bob@example.org" : options.user;
        gate = gate_new(&options);
        struct asker again;
        ask(gate, &again, SERVICE_IMAP);
        assert_int_equal(again.block, cases[i].block);
        assert_string_equal(again.earlier, cases[i].block == BLOCK_REFUSED_EARLIER ? "535 no" : "");
        gate_withdraw(gate, &again.request);
        gate_free(gate);
    }
}

static void the_file_holds_no_password_and_survives_rubbish(void **state)
{
    struct fixture *f = *state;
    char dir[128], path[160], content[4096] = "";
    snprintf(dir, sizeof dir, "%s/state", f->dir);
    snprintf(path, sizeof path, "%s/refused", dir);
    assert_true(
        gate_memory_add(dir, "ana", f->password, NOW, "mx", text_bytes("535 a\r\n1 2 3\n")));
    FILE *file = fopen(path, "r");
    size_t n = fread(content, 1, sizeof content - 1, file);
    fclose(file);
    assert_true(n > 0);
    assert_null(strstr(content, "correct horse"));
    assert_null(strstr(content, "ana"));

    file = fopen(path, "a");
    fputs("rubbish\n\n9999999999999999999 x y\n-5 a b\n", file);
    fclose(file);
    struct buffer reply;
    buffer_init(&reply, 4096);
    char *host = NULL;
    assert_true(gate_memory_find(dir, "ana", f->password, NOW + 1, &host, &reply));
    assert_string_equal(host, "mx");
    free(host);
    assert_int_equal(buffer_size(&reply), 13);
    gate_memory_remove(dir, "ana", f->password, NOW + 1);
    assert_false(gate_memory_find(dir, "ana", f->password, NOW + 1, &host, &reply));
    buffer_done(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_unfit_token_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_try_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_judged_password_is_spent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unjudged_one_may_try_each_other_protocol_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_login_a_protocol_unless_all_are_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(three_at_once_and_pop3_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_never_gets_a_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_lock_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_password_beside_a_token_is_still_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frozen_gate_answers_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_session_that_vanishes_frees_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_documented_port_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_earlier_refusal_holds_for_half_an_hour, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_file_holds_no_password_and_survives_rubbish, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
