#include "dispatch.h"

#include <stdio.h>

/* A variant may be run if the processor has all of its features, and, where registers are wider, the operating system keeps them. */
enum {
  RR_HAS_AVX2 = 1,
  RR_HAS_AVXVNNI = 2,
  RR_HAS_AVX512 = 4,
  RR_HAS_VNNI = 8,
  RR_HAS_BF16 = 16,
  RR_HAS_AMX = 32,
  RR_HAS_DOTPROD = 64,
};

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

static unsigned rr_kept_by_system(void) {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static int rr_detect(void) {
  unsigned a, b, c, d, has = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  unsigned kept = rr_kept_by_system();
  bool fma = c & bit_FMA, f16c = c & bit_F16C, popcnt = c & bit_POPCNT;
  unsigned b7, c7, d7, a71 = 0;
  if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) return 0;
  if (a >= 1) __get_cpuid_count(7, 1, &a71, &b, &c, &d);
  if ((kept & 6) == 6 && b7 & bit_AVX2 && b7 & bit_BMI && b7 & bit_BMI2 && fma && f16c && popcnt) {
    has |= RR_HAS_AVX2;
    if (a71 & 1 << 4) has |= RR_HAS_AVXVNNI;
    const unsigned wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
    if ((kept & 0xe6) == 0xe6 && (b7 & wide) == wide) {
      has |= RR_HAS_AVX512;
      if (c7 & 1 << 11) has |= RR_HAS_VNNI;
      /* The variant with bfloats also takes byte permutations and bit counts for granted, which every such processor but one has. */
      if (c7 & 1 << 11 && c7 & 1 << 1 && c7 & 1 << 12 && c7 & 1 << 14 && a71 & 1 << 5) has |= RR_HAS_BF16;
    }
  }
#if defined(__linux__)
  /* Linux gives a process tile registers when it asks for them. */
  if (has & RR_HAS_BF16 && d7 & 1 << 24 && d7 & 1 << 25 && (kept & 0x60000) == 0x60000 && syscall(SYS_arch_prctl, 0x1023, 18) == 0) has |= RR_HAS_AMX;
#endif
  return (int)has;
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
static int rr_detect(void) { return getauxval(AT_HWCAP) & 1 << 20 ? RR_HAS_DOTPROD : 0; }
#elif defined(__APPLE__)
#include <sys/sysctl.h>
static int rr_detect(void) {
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, NULL, 0) == 0 && has ? RR_HAS_DOTPROD : 0;
}
#else
static int rr_detect(void) { return 0; }
#endif

#else
static int rr_detect(void) { return 0; }
#endif

/* Best first. The build leaves out what its compiler does not know. */
#define RR_EACH_VARIANT(variant)                                                \
  RR_IF_AMX(variant(amx, RR_HAS_AMX))                                           \
  RR_IF_AVX512BF16(variant(avx512bf16, RR_HAS_BF16))                            \
  RR_IF_AVX512VNNI(variant(avx512vnni, RR_HAS_VNNI))                            \
  RR_IF_AVX512(variant(avx512, RR_HAS_AVX512))                                  \
  RR_IF_AVX2VNNI(variant(avx2vnni, RR_HAS_AVXVNNI))                             \
  RR_IF_AVX2(variant(avx2, RR_HAS_AVX2))                                        \
  RR_IF_SSE2(variant(sse2, 0))                                                  \
  RR_IF_NEONDOT(variant(neondot, RR_HAS_DOTPROD))                               \
  RR_IF_NEON(variant(neon, 0))                                                  \
  RR_IF_SCALAR(variant(scalar, 0))

#include "variants.h"

#define RR_DECLARE(name, needs) extern const rr_variant rr_variant_##name;
RR_EACH_VARIANT(RR_DECLARE)

const rr_variant *const *rr_variants(void) {
  static const rr_variant *found[12];
  if (found[0] != NULL) return found;
  int has = rr_detect(), count = 0;
#define RR_OFFER(name, needs) \
  if ((has & (needs)) == (needs)) found[count++] = &rr_variant_##name;
  RR_EACH_VARIANT(RR_OFFER)
  return found;
}

const char *rr_features(void) {
  static char text[128];
  static const char *const names[] = {"AVX2+FMA", "AVX-VNNI", "AVX-512", "AVX-512 VNNI", "AVX-512 BF16", "AMX int8", "dot product"};
  int has = rr_detect(), length = 0;
  text[0] = 0;
  for (int i = 0; i < 7; i++)
    if (has & 1 << i) length += snprintf(text + length, sizeof text - (size_t)length, "%s%s", length ? ", " : "", names[i]);
  return text;
}
