/* works: what the load generator can do, each in the work_*.c that says how. */
#pragma once

#include "run.h"

bool work_login(Run *run);
bool work_idle(Run *run);
bool work_message(Run *run);
bool work_rate(Run *run);
bool work_pipeline(Run *run);
bool work_presence(Run *run);
bool work_iq(Run *run);
bool work_churn(Run *run);
bool work_storm(Run *run);
bool work_arrive(Run *run);
