#include "simulate/scenario.h"

#include <string.h>

const struct sim_port sim_ports[SIM_PORT_COUNT] = {
    [SIM_25] = { .number = 25, .protocol = SIM_SMTP },
    [SIM_587] = { .number = 587, .protocol = SIM_SMTP },
    [SIM_465] = { .number = 465, .protocol = SIM_SMTP, .implicit = true },
    [SIM_143] = { .number = 143, .protocol = SIM_IMAP },
    [SIM_993] = { .number = 993, .protocol = SIM_IMAP, .implicit = true },
    [SIM_110] = { .number = 110, .protocol = SIM_POP3 },
    [SIM_995] = { .number = 995, .protocol = SIM_POP3, .implicit = true },
};

const char *sim_persona_host(const struct sim_persona *persona, int port_index)
{
    enum sim_protocol protocol = sim_ports[port_index].protocol;
    return protocol == SIM_SMTP   ? persona->smtp_host
           : protocol == SIM_IMAP ? persona->imap_host
                                  : persona->pop3_host;
}

const struct sim_scenario *sim_scenario_find(const char *id)
{
    for (size_t i = 0; i < sim_scenario_count; i++)
        if (strcmp(sim_scenarios[i].id, id) == 0)
            return &sim_scenarios[i];
    return NULL;
}

enum sim_mode sim_scenario_mode(const struct sim_scenario *scenario, int port_index)
{
    enum sim_mode mode = scenario->modes[port_index];
    if (mode == SIM_MODE_DEFAULT)
        mode = scenario->persona->modes[port_index];
    return mode == SIM_MODE_DEFAULT ? SIM_MODE_SERVE : mode;
}

static const struct sim_answer *find(const struct sim_answer *answers, size_t count, int port_index,
                                     enum sim_moment moment)
{
    for (size_t i = 0; i < count; i++)
        if (answers[i].moment == moment && (answers[i].ports & 1U << port_index))
            return &answers[i];
    return NULL;
}

const struct sim_answer *sim_scenario_answer(const struct sim_scenario *scenario, int port_index,
                                             enum sim_moment moment)
{
    const struct sim_answer *answer =
        find(scenario->answers, scenario->answer_count, port_index, moment);
    for (const struct sim_persona *p = scenario->persona; p && !answer; p = p->base)
        answer = find(p->answers, p->answer_count, port_index, moment);
    return answer;
}

bool sim_scenario_overrules(const struct sim_scenario *scenario, int port_index,
                            enum sim_moment moment)
{
    return find(scenario->answers, scenario->answer_count, port_index, moment);
}
