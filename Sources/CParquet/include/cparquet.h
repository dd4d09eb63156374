#pragma once
#include <stdbool.h>
#include <stdint.h>

// The whole surface between Swift and Arrow's Parquet reader and writer. Three rules hold:
//  1. No C++ exception crosses. A call that can fail returns NULL (or false, or -1) and leaves a
//     message for parquet_last_error() on the calling thread.
//  2. What is opened, read or created belongs to the caller, who releases it once.
//  3. A column is seen as its innermost values, lists flattened, and the number of them in every row.

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ParquetFile ParquetFile;
typedef struct ParquetColumn ParquetColumn;
typedef struct ParquetWriter ParquetWriter;

/// Message of the last failed call on this thread. Valid until the next call on this thread.
const char *parquet_last_error(void);

// Reading

/// Opens a file and reads its schema.
ParquetFile *parquet_open(const char *path);

/// Closes a file. Accepts NULL.
void parquet_close(ParquetFile *file);

int64_t parquet_row_count(const ParquetFile *file);
int32_t parquet_column_count(const ParquetFile *file);

/// Name of a top-level column; valid as long as the file is open.
const char *parquet_column_name(const ParquetFile *file, int32_t index);

/// Arrow's name of the column's type, for example `fixed_size_list<element: float>[4]`.
const char *parquet_column_type(const ParquetFile *file, int32_t index);

/// Reads one top-level column whole. Fails where a value or list is null.
ParquetColumn *parquet_read_column(ParquetFile *file, int32_t index);

/// Releases a column. Accepts NULL.
void parquet_release_column(ParquetColumn *column);

/// Number of innermost values of all rows together.
int64_t parquet_value_count(const ParquetColumn *column);

/// Copies the number of innermost values of every row to `counts`, one a row of the file.
void parquet_copy_counts(const ParquetColumn *column, int64_t *counts);

/// Copies all values, converted from any numeric type. Fails for text.
bool parquet_copy_floats(const ParquetColumn *column, float *values);

/// As parquet_copy_floats().
bool parquet_copy_doubles(const ParquetColumn *column, double *values);

/// Copies all values of an integer or Boolean column. Fails for other types.
bool parquet_copy_integers(const ParquetColumn *column, int64_t *values);

/// Bytes of a text value and, in `length`, their number; NULL where the column holds no text.
const char *parquet_text(const ParquetColumn *column, int64_t index, int64_t *length);

// Writing

typedef enum {
    PARQUET_INT64 = 0,
    PARQUET_FLOAT = 1,
    PARQUET_DOUBLE = 2,
    PARQUET_TEXT = 3,
} ParquetScalar;

/// One column to write: a scalar, or lists of scalars.
typedef struct {
    const char *name;
    ParquetScalar scalar;
    /// Depth of lists around the scalar.
    int32_t rank;
    /// Lengths of the lists, outermost first. NULL: one level of lists, whose lengths are given with the data.
    const int64_t *shape;
    /// Whether the schema fixes the lengths.
    bool fixed;
} ParquetField;

/// Creates a file with a schema and `keyCount` pairs of metadata.
ParquetWriter *parquet_create(const char *path, const ParquetField *fields, int32_t fieldCount,
                              const char *const *keys, const char *const *texts, int32_t keyCount);

/// Sets the column's `count` innermost values in the row group to be written next; `values` is copied.
/// The type of `values` is the column's: int64_t, float or double.
bool parquet_set_numbers(ParquetWriter *writer, int32_t column, const void *values, int64_t count);

/// Sets the column's texts: `ends[i]` is where text i ends in `bytes`. `rowCounts`, with one entry a row,
/// is the number of texts in every row where the column's lists have free length, and else NULL.
bool parquet_set_texts(ParquetWriter *writer, int32_t column, const char *bytes, const int64_t *ends,
                       int64_t count, const int64_t *rowCounts, int64_t rows);

/// Writes the columns that were set as one row group.
bool parquet_write_row_group(ParquetWriter *writer, int64_t rows);

/// Bytes written so far.
int64_t parquet_bytes_written(const ParquetWriter *writer);

/// Writes the footer and closes the file. The writer still has to be released.
bool parquet_finish(ParquetWriter *writer);

/// Releases a writer. A file that was not finished is closed with the row groups that it has, footer
/// included, and what goes wrong then is not reported. Accepts NULL.
void parquet_release_writer(ParquetWriter *writer);

#ifdef __cplusplus
}
#endif
