/*
 * All kernels for one instruction set: this file is compiled once for each, with RR_VARIANT naming it and the compiler's flags choosing it.
 * To add a kernel: write it in a file of its own, include the file here and name it in the table; then say in src/compiled/encode.ts how its call is
 * written down. README.md goes through the steps.
 */
#include "maxsim.c"
#include "scores.c"
#include "rows.c"
#include "centroids.c"
#include "postings.c"
#include "integers.c"
#include "pq.c"
#include "hnsw.c"
#include "packed-postings.c"
#include "scored-lists.c"
#include "residuals.c"

#define RR_TEXT_OF(name) #name
#define RR_TEXT(name) RR_TEXT_OF(name)
#define RR_JOINED(a, b) a##b
#define RR_JOIN(a, b) RR_JOINED(a, b)

static const rr_operation rr_operations[] = {
    {"norms", rr_norms},
    {"normalise", rr_normalise},
    {"quantise", rr_quantise},
    {"dequantise", rr_dequantise},
    {"sumRows", rr_sum_rows},
    {"scores", rr_scores},
    {"search", rr_search},
    {"topK", rr_top_k},
    {"maxSim", rr_maxsim},
    {"encodeResiduals", rr_encode_residuals},
    {"assign", rr_assign},
    {"sumClusters", rr_sum_clusters},
    {"centroidTable", rr_centroid_table},
    {"centroidScan", rr_centroid_scan},
    {"accumulatePostings", rr_accumulate},
    {"searchPostings", rr_search_postings},
    {"sparseScores", rr_sparse_scores},
    {"packIntegers", rr_pack},
    {"unpackIntegers", rr_unpack},
    {"pqEncode", rr_pq_encode},
    {"pqTables", rr_pq_tables},
    {"pqScores", rr_pq_scores},
    {"pqSearch", rr_pq_search},
    {"hnswFind", rr_hnsw_find},
    {"hnswLink", rr_hnsw_link},
    {"hnswSearch", rr_hnsw_search},
    {"searchPacked", rr_search_packed},
    {"searchScored", rr_search_scored},
    {"encodeScaledResiduals", rr_encode_scaled},
    {"decodeScaledResiduals", rr_decode_scaled},
    {"residualTable", rr_residual_table},
    {"residualMaxSim", rr_residual_maxsim},
    {"warpScan", rr_warp_scan},
    {NULL, NULL},
};

const rr_variant RR_JOIN(rr_variant_, RR_VARIANT) = {RR_TEXT(RR_VARIANT), rr_operations, NULL};
