#include "include/cicu.h"

#include <unicode/unorm2.h>
#include <unicode/uset.h>
#include <unicode/ustring.h>

const ICUNormalizer *icu_normalizer(const char *table, int32_t decomposes, const char *set) {
    UErrorCode status = U_ZERO_ERROR;
    UChar pattern[64];
    int32_t length = 0;
    u_strFromUTF8(pattern, 64, &length, set, -1, &status);
    const UNormalizer2 *all =
        unorm2_getInstance(NULL, table, decomposes ? UNORM2_DECOMPOSE : UNORM2_COMPOSE, &status);
    USet *characters = uset_openPattern(pattern, length, &status);
    if (U_FAILURE(status)) return NULL;
    uset_freeze(characters);
    const UNormalizer2 *normalizer = unorm2_openFiltered(all, characters, &status);
    return U_FAILURE(status) ? NULL : (const ICUNormalizer *)normalizer;
}

int32_t icu_normalize(
    const ICUNormalizer *normalizer, const uint16_t *text, int32_t length, uint16_t *result, int32_t capacity) {
    UErrorCode status = U_ZERO_ERROR;
    const int32_t count =
        unorm2_normalize((const UNormalizer2 *)normalizer, text, length, result, capacity, &status);
    return U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR ? -1 : count;
}
