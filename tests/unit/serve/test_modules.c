/* The modules file: what it gives, and each way in which it can be bad. */
#include "base/memory.h"
#include "command/serve_modules.h"

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

static char folder[] = "/tmp/maildoctor-modules-XXXXXX";

static char *path_of(const char *name)
{
    return memory_format("%s/%s", folder, name);
}

static char *write_file(const char *name, const char *text)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
    return path;
}

static struct serve_modules *read_text(const char *text, char **ret_error)
{
    char *path = write_file("modules.json", text);
    *ret_error = NULL;
    struct serve_modules *modules = serve_modules_read(path, NULL, ret_error);
    free(path);
    return modules;
}

static struct serve_modules *read_good(const char *text)
{
    char *error;
    struct serve_modules *modules = read_text(text, &error);
    if (!modules)
        fail_msg("%s", error);
    return modules;
}

static void test_none(void **state)
{
    (void)state;
    char *error = NULL;
    struct serve_modules *modules = serve_modules_read(NULL, NULL, &error);
    assert_non_null(modules);
    assert_int_equal(modules->count, 1);
    const struct serve_module *module = serve_module_find(modules, "default");
    assert_non_null(module);
    assert_false(module->by_clock);
    assert_true(serve_module_allows(module, "mail.example.org"));
    assert_int_equal(module->run.deadline_ms, 60000);
    modules->free(modules);
}

static void test_options(void **state)
{
    (void)state;
    struct serve_modules *modules = read_good(
        "{\"modules\": {\"m\": {\"cache\": 2.5, \"interval\": 60, \"options\": {"
        "\"need\": \"send\", \"deadline\": 20, \"timeout\": 1.5, \"path\": true,"
        "\"connect-to\": [\"a.example:25:127.0.0.1:25\", \"b.example:25:127.0.0.1:26\"]}},"
        "\"n\": {\"targets\": [\"x.example\", \"imaps://y.example\"]}}}");
    const struct serve_module *m = serve_module_find(modules, "m");
    const struct serve_module *n = serve_module_find(modules, "n");
    assert_int_equal(m->cache_ms, 2500);
    assert_int_equal(m->interval_ms, 60000);
    assert_int_equal(n->interval_ms, 900000);
    assert_int_equal(m->run.plan.needs, NEED_SEND);
    assert_int_equal(m->run.deadline_ms, 20000);
    assert_int_equal(m->run.timeout_ms, 1500);
    assert_true(m->run.path);
    assert_int_equal(m->run.connect_to_count, 2);
    assert_string_equal(m->run.connect_to[1].host, "b.example");
    assert_true(serve_module_allows(n, "imaps://y.example"));
    assert_false(serve_module_allows(n, "imaps://Y.example"));
    assert_false(serve_module_allows(n, "z.example"));
    assert_null(serve_module_find(modules, "default"));
    assert_string_not_equal(m->definition, n->definition);
    modules->free(modules);
}

static const char with_login[] =
    "{\"modules\": {\"m\": {\"targets\": [\"ana@example.org\"], \"options\": {"
    "\"password-file\": \"ana\"}}}}";

static void test_secrets(void **state)
{
    (void)state;
    char *file = write_file("ana", "first\n");
    struct serve_modules *modules = read_good(with_login);
    const struct serve_module *m = &modules->items[0];
    struct secret *password, *token;
    char *error = NULL;
    assert_true(m->by_clock);
    assert_true(modules->read_secrets(m, &password, &token, &error));
    assert_string_equal(secret_bytes(password).data, "first");
    assert_null(token);
    secret_free(password);
    /* As it is now, not as it was when the modules were read. */
    free(write_file("ana", "second\n"));
    assert_true(modules->read_secrets(m, &password, &token, &error));
    assert_string_equal(secret_bytes(password).data, "second");
    secret_free(password);
    unlink(file);
    assert_false(modules->read_secrets(m, &password, &token, &error));
    assert_non_null(strstr(error, "cannot read the password"));
    free(error);
    modules->free(modules);
    free(file);
}

/* Each target has a message of its own. */
static void test_messages(void **state)
{
    (void)state;
    char *file = write_file("ana", "sesame\n");
    struct serve_modules *modules = read_good(
        "{\"modules\": {\"m\": {\"targets\": [\"ana@example.org\", \"ben@example.org\"],"
        "\"mail-interval\": 7200, \"options\": {\"password-file\": \"ana\", \"submit\": true,"
        "\"to\": \"sink@example.org\"}}, \"n\": {\"targets\": [\"a.example:25\"], \"options\": {"
        "\"rcpt-only\": true, \"from\": \"a@a.example\", \"to\": \"b@a.example\"}}, \"o\": {}}}");
    const struct serve_module *m = serve_module_find(modules, "m");
    const struct serve_module *n = serve_module_find(modules, "n");
    const struct serve_module *o = serve_module_find(modules, "o");
    assert_string_equal(serve_module_wish(m, "ana@example.org")->from, "ana@example.org");
    assert_string_equal(serve_module_wish(m, "ben@example.org")->from, "ben@example.org");
    assert_string_equal(serve_module_wish(m, "ben@example.org")->to, "sink@example.org");
    assert_null(serve_module_wish(m, "eve@example.org"));
    assert_null(m->run.submit);
    assert_int_equal(m->mail_ms, 7200000);
    assert_true(n->by_clock); /* nobody can make it send by asking */
    assert_true(serve_module_wish(n, "a.example:25")->rcpt_only);
    assert_null(serve_module_wish(o, "ana@example.org"));
    assert_int_equal(o->mail_ms, 3600000);
    modules->free(modules);
    unlink(file);
    free(file);
}

/* Where systemd has put the credentials of the service. */
static void test_credentials_directory(void **state)
{
    (void)state;
    char *inner = path_of("credentials");
    mkdir(inner, 0700);
    char *file = write_file("credentials/ana", "of systemd\n");
    setenv("CREDENTIALS_DIRECTORY", inner, 1);
    struct serve_modules *modules = read_good(with_login);
    unsetenv("CREDENTIALS_DIRECTORY");
    struct secret *password, *token;
    char *error = NULL;
    assert_true(modules->read_secrets(&modules->items[0], &password, &token, &error));
    assert_string_equal(secret_bytes(password).data, "of systemd");
    secret_free(password);
    modules->free(modules);
    unlink(file);
    rmdir(inner);
    free(file);
    free(inner);
}

static void test_bad(void **state)
{
    (void)state;
#define M(text) "{\"modules\": {\"m\": {" text "}}}"
    static const struct {
        const char *text, *why;
    } rows[] = {
        { "", "line 1" },
        { "{\n\"modules\": {\n}", "line 3" },
        { "[]", "no object with \"modules\"" },
        { "{}", "no object with \"modules\"" },
        { "{\"modules\": []}", "no object with \"modules\"" },
        { "{\"modules\": {}}", "\"modules\" is empty" },
        { "{\"modules\": {\"m\": {}}, \"module\": 1}", "\"module\" is unknown; did you mean" },
        { "{\"modules\": {\"m\": {}, \"m\": {}}}", "duplicate" },
        { "{\"modules\": {\"a b\": {}}}", "letters, digits" },
        { "{\"modules\": {\"\": {}}}", "letters, digits" },
        { "{\"modules\": {\"m\": []}}", "it is no object" },
        { M("\"option\": {}"), "did you mean \"options\"?" },
        { M("\"options\": []"), "\"options\" is an object" },
        { M("\"options\": {\"needs\": \"send\"}"), "did you mean \"need\"?" },
        { M("\"options\": {\"need\": \"fly\"}"), "--need fly" },
        { M("\"options\": {\"need\": {}}"), "\"need\" is a text" },
        { M("\"options\": {\"need\": false}"), "\"need\" is a text" },
        { M("\"options\": {\"path\": \"yes\"}"), "takes no value" },
        { M("\"options\": {\"password\": \"secret\"}"), "no option of a module" },
        { M("\"options\": {\"password-command\": \"id\"}"), "no option of a module" },
        { M("\"options\": {\"oauth\": \"device\"}"), "needs somebody who signs in" },
        { M("\"options\": {\"secret-expires\": \"2027-02-31\"}"), "--secret-expires 2027-02-31" },
        { M("\"options\": {\"retry-login\": true}"), "no option of a module" },
        { M("\"options\": {\"insecure-login\": true}"), "no option of a module" },
        { M("\"options\": {\"output\": \"/etc/passwd\"}"), "no option of a module" },
        { M("\"options\": {\"no-system-ca\": true}"), "leaves nothing to trust" },
        { M("\"options\": {\"ca-file\": \"none.pem\"}"), "none.pem" },
        { M("\"options\": {\"rules\": \"none.json\"}"), "none.json" },
        { M("\"options\": {\"proxy\": \"socks5://u@h:1\"}"), "\"proxy-password-file\" is given" },
        { M("\"targets\": \"a.example\""), "list of texts" },
        { M("\"targets\": [1]"), "list of texts" },
        { M("\"targets\": []"), "\"targets\" is empty" },
        { M("\"targets\": [\"a b\"]"), "a b" },
        { M("\"targets\": [\"a.example\", \"a.example\"]"), "a target twice" },
        { M("\"targets\": [\"a.example:587\"], \"options\": {\"ports\": \"993\"}"),
          "names its port" },
        { M("\"interval\": 1"), "from 10 to 86400" },
        { M("\"interval\": \"60\""), "from 10 to 86400" },
        { M("\"mail-interval\": 60"), "from 600 to 86400" },
        { M("\"options\": {\"from\": \"a@example.org\"}"), "add --submit" },
        { M("\"options\": {\"submit\": true, \"from\": \"a@b.example\", \"to\": \"a@b.example\"}"),
          "\"targets\" must be named" },
        { M("\"targets\": [\"imaps://a@b.example\"], \"options\": {\"submit\": true,"
            "\"password-file\": \"good\"}"),
          "nothing that is asked for sends" },
        { M("\"cache\": -1"), "from 0 to 3600" },
        { M("\"options\": {\"password-file\": \"good\"}"), "\"targets\" must be named" },
        { M("\"targets\": [\"mail.example.org\"], \"options\": {\"password-file\": \"good\"}"),
          "no login" },
        { M("\"targets\": [\"a@example.org\"], \"options\": {\"password-file\": \"good\","
            "\"token-file\": \"good\"}"),
          "exclude each other" },
        { M("\"targets\": [\"a@example.org\"], \"options\": {\"password-file\": \"none\"}"),
          "cannot read the password" },
        { M("\"targets\": [\"a@example.org\"], \"options\": {\"password-file\": \"empty\"}"),
          "is empty" },
    };
    char *good = write_file("good", "sesame\n"), *empty = write_file("empty", "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *error;
        struct serve_modules *modules = read_text(rows[i].text, &error);
        if (modules)
            fail_msg("was taken: %s", rows[i].text);
        if (!strstr(error, rows[i].why) || strchr(error, '\n') ||
            strncmp(error, "modules file ", 13) != 0 || strstr(error, "sesame"))
            fail_msg("%s: %s", rows[i].text, error);
        free(error);
    }
    unlink(good);
    unlink(empty);
    free(good);
    free(empty);
}

static void test_unreadable(void **state)
{
    (void)state;
    char *error = NULL;
    assert_null(serve_modules_read("/nonexistent/modules.json", NULL, &error));
    assert_non_null(strstr(error, "/nonexistent/modules.json"));
    free(error);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char *path = path_of("modules.json");
    unlink(path);
    free(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),       cmocka_unit_test(test_options),
        cmocka_unit_test(test_secrets),    cmocka_unit_test(test_credentials_directory),
        cmocka_unit_test(test_bad),        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests_name("modules", tests, make_folder, remove_folder);
}
