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

int32_t parquet_group_count(const ParquetFile *file);

/// Number of rows of a row group.
int64_t parquet_group_rows(const ParquetFile *file, int32_t group);

/// Smallest and largest value of an integer column in a row group, from the footer. False if it has none, the
/// column holds nulls, or is no column of 64-bit integers.
bool parquet_group_range(const ParquetFile *file, int32_t group, int32_t index, int64_t *smallest, int64_t *largest);

/// Reads a top-level column in `groupCount` row groups from `firstGroup` on.
ParquetColumn *parquet_read_column(ParquetFile *file, int32_t index, int32_t firstGroup, int32_t groupCount);

/// A field of a column of structs as a column of its own; NULL where there is no such field.
ParquetColumn *parquet_field(const ParquetColumn *column, const char *name);

/// Releases a column. Accepts NULL.
void parquet_release_column(ParquetColumn *column);

/// Number of rows read.
int64_t parquet_column_rows(const ParquetColumn *column);

/// Number of innermost values of a row; -1 where the row itself is null.
int64_t parquet_count(const ParquetColumn *column, int64_t row);

/// The first row that is not null and has another number of innermost values than `width`; -1 where there is none.
int64_t parquet_uneven_row(const ParquetColumn *column, int64_t width);

/// Copies `width` values a row, converted from any numeric type; `null` stands for those that are null. Fails for text
/// and for rows of another width.
bool parquet_copy_floats(const ParquetColumn *column, int64_t width, float null, float *values);

/// Copies the values of one row, as many as parquet_count() says.
bool parquet_copy_row(const ParquetColumn *column, int64_t row, float null, float *values);

/// As parquet_copy_floats().
bool parquet_copy_doubles(const ParquetColumn *column, int64_t width, double null, double *values);

/// As parquet_copy_floats(), for whole numbers; a real column will do where every value is whole.
bool parquet_copy_integers(const ParquetColumn *column, int64_t width, int64_t null, int64_t *values);

/// Bytes of a text or binary value, the `position`-th of a row, and in `length` their number. NULL with a length of -1
/// for a null, NULL with a length of -2 where the column holds neither text nor bytes.
const char *parquet_text(const ParquetColumn *column, int64_t row, int64_t position, int64_t *length);

// Writing

typedef enum {
    PARQUET_INT64 = 0,
    PARQUET_FLOAT = 1,
    PARQUET_DOUBLE = 2,
    PARQUET_TEXT = 3,
    PARQUET_BOOL = 4,
    PARQUET_INT8 = 5,
    PARQUET_INT16 = 6,
    PARQUET_INT32 = 7,
    PARQUET_UINT8 = 8,
    PARQUET_UINT16 = 9,
    PARQUET_UINT32 = 10,
    PARQUET_UINT64 = 11,
    PARQUET_HALF = 12,
    /// Hugging Face's image: a struct of `bytes` and `path`.
    PARQUET_IMAGE = 13,
} ParquetScalar;

/// One column to write: a scalar, or lists of scalars.
typedef struct {
    const char *name;
    ParquetScalar scalar;
    /// Depth of lists around the scalar.
    int32_t rank;
    /// Lengths of the lists, outermost first. NULL: one level of lists, whose lengths are given with the data.
    const int64_t *shape;
    /// True if the schema fixes the lengths.
    bool fixed;
} ParquetField;

/// Creates a file with a schema and `keyCount` pairs of metadata.
ParquetWriter *parquet_create(const char *path, const ParquetField *fields, int32_t fieldCount,
                              const char *const *keys, const char *const *texts, int32_t keyCount);

/// Sets the column's `count` innermost values in the row group to be written next; `values` is copied.
/// The type of `values` is the column's: int64_t, float or double.
bool parquet_set_numbers(ParquetWriter *writer, int32_t column, const void *values, int64_t count);

/// Sets the column's texts: `ends[i]` is the end of text i in `bytes`. `rowCounts`, with one entry a row,
/// is the number of texts in every row where the column's lists have free length, and else NULL.
bool parquet_set_texts(ParquetWriter *writer, int32_t column, const char *bytes, const int64_t *ends,
                       int64_t count, const int64_t *rowCounts, int64_t rows);

/// Appends rows of a column that was read to those of the row group to be written next, with their nulls. Numbers of
/// another type are converted; fails for text and where a row has not the number of values of the column.
bool parquet_append_rows(ParquetWriter *writer, int32_t column, const ParquetColumn *source, const int64_t *rows,
                         int64_t count);

/// Appends an image, bytes of a file and its path, to those of the row group to be written next. NULL: a null.
bool parquet_append_image(ParquetWriter *writer, int32_t column, const void *bytes, int64_t byteCount, const char *path);

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
