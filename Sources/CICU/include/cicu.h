#pragma once
#include <stdint.h>

// The little of ICU that Foundation does not offer. ICU's own headers stay out of Swift's sight, as Foundation brings another ICU
// of its own, whose types have the same names.

/// A Unicode normalization form.
typedef struct ICUNormalizer ICUNormalizer;

/// A form that leaves characters outside of a set alone. It is never released.
///
/// `table` is `nfc` or `nfkc`, `set` a pattern such as `[:age=9.0:]`. NULL where ICU does not know one of them.
const ICUNormalizer *icu_normalizer(const char *table, int32_t decomposes, const char *set);

/// Writes the first `capacity` units of the normalized text, in UTF-16, and returns its length; -1 if there is no memory.
int32_t icu_normalize(
    const ICUNormalizer *normalizer, const uint16_t *text, int32_t length, uint16_t *result, int32_t capacity);
