/*
 * faults: what goes wrong in the storage of a test (faulty_storage.c): service "faults".
 */
#pragma once

#include <motet/types.h>

typedef struct {
        uint64_t seed;
        unsigned failures; /* of 1000 requests */
        int64_t delay;     /* µs: a request takes up to this */
        bool is_full;      /* failures are those of a queue that is full */
} FaultsPlan;

typedef struct {
        /** set_plan: @plan is copied; for what is submitted or carried out from now on */
        void (*set_plan)(MotetModule *provider, const FaultsPlan *plan);
} FaultsService;
