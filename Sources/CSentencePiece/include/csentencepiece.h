#pragma once
#include <stdbool.h>
#include <stdint.h>

// The whole surface between Swift and SentencePiece. No C++ exception crosses: a call that can fail returns NULL (or false) and
// leaves a message for sentencepiece_last_error() on the calling thread. A model may be used from several threads at once.

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SentencePieceModel SentencePieceModel;

/// Message of the last failed call on this thread. Valid until the next call on this thread.
const char *sentencepiece_last_error(void);

/// Reads a `tokenizer.model`; NULL if it cannot be read.
SentencePieceModel *sentencepiece_open(const char *path);

/// Releases a model. Accepts NULL.
void sentencepiece_close(SentencePieceModel *model);

/// Number of pieces.
int32_t sentencepiece_count(const SentencePieceModel *model);

/// Identifiers of special pieces, -1 where the model has none.
int32_t sentencepiece_unknown(const SentencePieceModel *model);
int32_t sentencepiece_beginning(const SentencePieceModel *model);
int32_t sentencepiece_end(const SentencePieceModel *model);
int32_t sentencepiece_padding(const SentencePieceModel *model);

/// Spelling of a piece, UTF-8; valid as long as the model is open. NULL for an identifier out of range.
const char *sentencepiece_spelling(const SentencePieceModel *model, int32_t identifier);

/// Hands the identifiers of `text`, `length` bytes of UTF-8, to `receive`.
bool sentencepiece_encode(
    const SentencePieceModel *model, const char *text, int64_t length, void *context,
    void (*receive)(void *context, const int32_t *identifiers, int64_t count));

/// Hands the text of `identifiers`, UTF-8, to `receive`.
bool sentencepiece_decode(
    const SentencePieceModel *model, const int32_t *identifiers, int64_t count, void *context,
    void (*receive)(void *context, const char *text, int64_t length));

#ifdef __cplusplus
}
#endif
