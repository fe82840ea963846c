/*
 * All kernels for one instruction set: this file is compiled once for each, with RR_VARIANT naming it and the compiler's flags choosing it.
 * To add a kernel: write it in a file of its own, include the file here, and name it in the table, in the order of `operationNames` in
 * src/compiled/encode.ts.
 */
#include "hnsw.c"
#include "maxsim.c"
#include "packed-postings.c"

#define RR_TEXT_OF(name) #name
#define RR_TEXT(name) RR_TEXT_OF(name)
#define RR_JOINED(a, b) a##b
#define RR_JOIN(a, b) RR_JOINED(a, b)

static const rr_operation rr_operations[] = {
    {"maxSim", rr_maxsim},
    {"hnswFind", rr_hnsw_find},
    {"hnswLink", rr_hnsw_link},
    {"hnswSearch", rr_hnsw_search},
    {"searchPacked", rr_search_packed},
    {"searchScored", rr_search_scored},
    {NULL, NULL},
};

const rr_variant RR_JOIN(rr_variant_, RR_VARIANT) = {RR_TEXT(RR_VARIANT), rr_operations, NULL};
