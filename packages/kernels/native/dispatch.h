/* The variants that were compiled, and which of them this processor runs. */
#ifndef RR_DISPATCH_H
#define RR_DISPATCH_H

#include "kernel.h"

/* Variants that run here, best first, ended by NULL. Found once; the first call must not race another. */
const rr_variant *const *rr_variants(void);

/* What the processor reports, in words. */
const char *rr_features(void);

#endif
