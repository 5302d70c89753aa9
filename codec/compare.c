#include "codec/compare.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define RGB 0xffffffu

static uint64_t compare_portable(const uint32_t *a, const uint32_t *b, int32_t n)
{
    uint32_t any = 0;
    for (int32_t i = 0; i < n; i++)
        any |= a[i] ^ b[i];
    if ((any & RGB) == 0)
        return 0; /* the usual case, and what compilers turn into vector code */
    uint64_t bits = 0;
    for (int32_t i = 0; i < n; i++)
        bits |= (uint64_t)(((a[i] ^ b[i]) & RGB) != 0) << i;
    return bits;
}

#ifdef __x86_64__
static uint64_t compare_sse2(const uint32_t *a, const uint32_t *b, int32_t n)
{
    const __m128i rgb = _mm_set1_epi32(RGB), zero = _mm_setzero_si128();
    uint64_t bits = 0;
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m128i same[4];
        for (int k = 0; k < 4; k++) {
            const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(a + i + 4 * k));
            const __m128i y = _mm_loadu_si128((const __m128i *)(const void *)(b + i + 4 * k));
            same[k] = _mm_cmpeq_epi32(_mm_and_si128(_mm_xor_si128(x, y), rgb), zero);
        }
        const __m128i packed =
            _mm_packs_epi16(_mm_packs_epi32(same[0], same[1]), _mm_packs_epi32(same[2], same[3]));
        bits |= (uint64_t)(~(uint32_t)_mm_movemask_epi8(packed) & 0xffffu) << i;
    }
    return i < n ? bits | compare_portable(a + i, b + i, n - i) << i : bits;
}

__attribute__((target("avx2"))) static uint64_t compare_avx2(const uint32_t *a, const uint32_t *b, int32_t n)
{
    const __m256i rgb = _mm256_set1_epi32(RGB), zero = _mm256_setzero_si256();
    if (n == CODEC_COMPARE_MAX_PX) {
        /* Mostly nothing differs: one test for all of them. */
        __m256i any = zero;
        for (int k = 0; k < CODEC_COMPARE_MAX_PX; k += 8)
            any = _mm256_or_si256(
                any, _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)(a + k)),
                         _mm256_loadu_si256((const __m256i *)(const void *)(b + k))));
        if (_mm256_testz_si256(any, rgb))
            return 0;
    }
    uint64_t bits = 0;
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(a + i));
        const __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(b + i));
        const __m256i same = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_xor_si256(x, y), rgb), zero);
        bits |= (uint64_t)(~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(same)) & 0xffu) << i;
    }
    return i < n ? bits | compare_portable(a + i, b + i, n - i) << i : bits;
}
#endif

codec_compare_fn *codec_compare_form(size_t i)
{
    if (i == 0)
        return compare_portable;
#ifdef __x86_64__
    if (i == 1)
        return compare_sse2; /* every processor of this kind has it */
    if (i == 2 && __builtin_cpu_supports("avx2"))
        return compare_avx2;
#endif
    return NULL;
}

codec_compare_fn *codec_compare_best(void)
{
    codec_compare_fn *best = codec_compare_form(0);
    for (size_t i = 1; codec_compare_form(i); i++)
        best = codec_compare_form(i);
    return best;
}
