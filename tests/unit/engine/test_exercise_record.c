/* Which runs of this machine are at work in a mailbox, and which were killed there. */
#include "engine/exercise_record.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char id[] = "20261122T101400-0000cafe";

static int count_files(const char *dir)
{
    DIR *entries = opendir(dir);
    int count = 0;
    assert_non_null(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count - 2; /* "." and ".." */
}

static void assert_known(const char *dir, size_t dead_count, size_t busy_count)
{
    struct arena arena = { 0 };
    struct strings dead = { 0 }, busy = { 0 };
    exercise_record_read(dir, &arena, &dead, &busy);
    assert_int_equal(dead.count, dead_count);
    assert_int_equal(busy.count, busy_count);
    if (dead_count)
        assert_string_equal(dead.items[0], id);
    if (busy_count)
        assert_string_equal(busy.items[0], id);
    arena_done(&arena);
}

static void a_record_lives_as_long_as_its_run(void **state)
{
    (void)state;
    char root[] = "/tmp/maildoctor-record-XXXXXX", dir[64];
    assert_non_null(mkdtemp(root));
    snprintf(dir, sizeof dir, "%s/state/maildoctor", root); /* nobody has made it yet */
    int fd = exercise_record_begin(dir, id);
    assert_true(fd >= 0);
    assert_int_equal(count_files(dir), 1);
    assert_known(dir, 0, 1);
    close(fd); /* as the kernel does for who is killed */
    assert_known(dir, 1, 0);
    exercise_record_remove(dir, id);
    assert_known(dir, 0, 0);
    assert_int_equal(count_files(dir), 0);
    rmdir(dir);
    snprintf(dir, sizeof dir, "%s/state", root);
    rmdir(dir);
    rmdir(root);
}

static void without_a_directory_nothing_is_known(void **state)
{
    (void)state;
    assert_int_equal(exercise_record_begin(NULL, id), -1);
    assert_int_equal(exercise_record_begin("/dev/null/nowhere", id), -1);
    assert_known(NULL, 0, 0);
    exercise_record_remove(NULL, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_lives_as_long_as_its_run),
        cmocka_unit_test(without_a_directory_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
