#include "serve/own_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000, US_PER_S = 1000000 };

static void add_family(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add(struct buffer *out, const char *name, const char *type, const char *help,
                double value)
{
    add_family(out, name, type, help);
    buffer_format(out, "%s %.15g\n", name, value);
}

/* -1: not known. */
static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long size, resident;
    int found = file ? fscanf(file, "%lu %lu", &size, &resident) : 0;
    if (file)
        fclose(file);
    return found == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) : -1;
}

/* -1: not known; so it is for whoever is not root, since nobody may look into this process. */
static double open_descriptors(void)
{
    struct dirent **entries;
    int count = scandir("/proc/self/fd", &entries, NULL, NULL);
    if (count < 0)
        return -1;
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return count - 3; /* ".", "..", and the one that looked */
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / US_PER_S;
}

static void add_process(struct buffer *out, const struct own_counts *counts)
{
    double resident = resident_bytes(), descriptors = open_descriptors();
    struct rusage usage;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        add(out, "process_cpu_seconds_total", "counter", "Processor time used.",
            seconds(usage.ru_utime) + seconds(usage.ru_stime));
    if (resident >= 0)
        add(out, "process_resident_memory_bytes", "gauge", "Memory in use.", resident);
    if (descriptors >= 0)
        add(out, "process_open_fds", "gauge", "Open file descriptors.", descriptors);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        add(out, "process_max_fds", "gauge", "Most file descriptors that may be open.",
            (double)limit.rlim_cur);
    add(out, "process_start_time_seconds", "gauge", "Unix time of the start.",
        (double)counts->started_real_ns / NS_PER_S);
}

static void add_probes(struct buffer *out, const struct prober_counts *probes)
{
    static const char runs[] = "maildoctor_serve_runs_total";
    add_family(out, runs, "counter", "Runs that ended, by verdict.");
    for (int i = 0; i < VERDICT_STATUS_COUNT; i++)
        buffer_format(out, "%s{status=\"%s\"} %.15g\n", runs,
                      verdict_status_name((enum verdict_status)i), (double)probes->runs[i]);
    add(out, "maildoctor_serve_uncounted_failures_total", "counter",
        "Failures of a kind that often passes, seen once: they did not count.",
        (double)probes->uncounted);
    add(out, "maildoctor_serve_troubles_total", "counter",
        "Runs that could not begin: a secret that cannot be read, no resolver.",
        (double)probes->troubles);
    add(out, "maildoctor_serve_joined_total", "counter",
        "Probes that waited for a run that was under way already.", (double)probes->joined);
    add(out, "maildoctor_serve_cached_total", "counter",
        "Probes that were answered with a result that was there.", (double)probes->cached);
    add(out, "maildoctor_serve_late_total", "counter",
        "Probes that were answered \"unknown\" because the scrape's time was up.",
        (double)probes->late);
    add(out, "maildoctor_serve_running", "gauge", "Runs under way.", (double)probes->running);
    add(out, "maildoctor_serve_queued", "gauge", "Runs that wait for their turn.",
        (double)probes->queued);
    add(out, "maildoctor_serve_waiting", "gauge", "Requests that wait for a run.",
        (double)probes->waiting);
    add(out, "maildoctor_serve_kept", "gauge", "Targets whose last result is kept.",
        (double)probes->kept);
}

void own_metrics_append(struct buffer *out, const struct own_counts *counts)
{
    add_family(out, "maildoctor_build_info", "gauge", "The version that runs.");
    buffer_append_text(out, "maildoctor_build_info{version=\"" MAILDOCTOR_VERSION "\"} 1\n");
    add(out, "maildoctor_serve_requests_total", "counter", "HTTP requests.",
        (double)counts->requests);
    add(out, "maildoctor_serve_requests_refused_total", "counter",
        "HTTP requests that were answered with a status of 400 or above.", (double)counts->refused);
    add(out, "maildoctor_serve_connections", "gauge", "HTTP connections that are open.",
        (double)counts->connections);
    add(out, "maildoctor_serve_modules", "gauge", "Modules in force.", (double)counts->modules);
    add(out, "maildoctor_serve_reloads_total", "counter", "Reloads of the modules file.",
        (double)counts->reloads);
    add(out, "maildoctor_serve_reload_failures_total", "counter",
        "Reloads that left the modules, or the listener, as they were.",
        (double)counts->reload_failures);
    add(out, "maildoctor_serve_last_reload_successful", "gauge",
        "Whether all files could be read and used the last time.", counts->reload_good);
    add(out, "maildoctor_serve_modules_timestamp_seconds", "gauge",
        "Unix time at which the modules in force were read.",
        (double)counts->loaded_real_ns / NS_PER_S);
    add_probes(out, &counts->probes);
    add_process(out, counts);
}
