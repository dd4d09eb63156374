#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/io/file.h>
#include <arrow/type.h>
#include <arrow/util/float16.h>
#include <parquet/arrow/reader.h>
#include <parquet/properties.h>

#include <memory>
#include <vector>

#include "barrier.h"
#include "include/cparquet.h"

struct ParquetFile {
    std::unique_ptr<parquet::arrow::FileReader> reader;
    std::shared_ptr<arrow::Schema> schema;
    std::vector<std::string> types;
};

struct ParquetColumn {
    /// Flat arrays of one type, in order.
    std::vector<std::shared_ptr<arrow::Array>> leaves;
    /// Innermost values of every row.
    std::vector<int64_t> counts;
    int64_t size = 0;
};

namespace {

void requireNoNulls(const arrow::Array &array) {
    if (array.null_count() > 0) {
        throw std::runtime_error(std::to_string(array.null_count()) + " values are null");
    }
}

/// Replaces the row boundaries in a list array by those in its values, and returns the values.
template <typename List>
std::shared_ptr<arrow::Array> descend(const arrow::Array &array, std::vector<int64_t> &boundaries) {
    const auto &list = static_cast<const List &>(array);
    const int64_t first = list.value_offset(0);
    for (auto &boundary : boundaries) boundary = list.value_offset(boundary) - first;
    return list.values()->Slice(first, boundaries.back());
}

/// Flattens one chunk into `column`.
void append(std::shared_ptr<arrow::Array> array, ParquetColumn &column) {
    if (array->length() == 0) return;
    std::vector<int64_t> boundaries(array->length() + 1);
    for (size_t row = 0; row < boundaries.size(); ++row) boundaries[row] = static_cast<int64_t>(row);
    for (bool isList = true; isList;) {
        requireNoNulls(*array);
        switch (array->type_id()) {
        case arrow::Type::LIST: array = descend<arrow::ListArray>(*array, boundaries); break;
        case arrow::Type::LARGE_LIST: array = descend<arrow::LargeListArray>(*array, boundaries); break;
        case arrow::Type::FIXED_SIZE_LIST: array = descend<arrow::FixedSizeListArray>(*array, boundaries); break;
        default: isList = false;
        }
    }
    for (size_t row = 1; row < boundaries.size(); ++row) {
        column.counts.push_back(boundaries[row] - boundaries[row - 1]);
    }
    column.size += array->length();
    column.leaves.push_back(std::move(array));
}

template <typename ArrowType, typename Value>
void copyAs(const arrow::Array &array, Value *values) {
    const auto &typed = static_cast<const arrow::NumericArray<ArrowType> &>(array);
    const auto *source = typed.raw_values();
    for (int64_t index = 0; index < array.length(); ++index) values[index] = static_cast<Value>(source[index]);
}

template <typename Value>
bool copyInteger(const arrow::Array &array, Value *values) {
    switch (array.type_id()) {
    case arrow::Type::BOOL: {
        const auto &typed = static_cast<const arrow::BooleanArray &>(array);
        for (int64_t index = 0; index < array.length(); ++index) values[index] = typed.Value(index) ? 1 : 0;
        return true;
    }
    case arrow::Type::INT8: copyAs<arrow::Int8Type>(array, values); return true;
    case arrow::Type::INT16: copyAs<arrow::Int16Type>(array, values); return true;
    case arrow::Type::INT32: copyAs<arrow::Int32Type>(array, values); return true;
    case arrow::Type::INT64: copyAs<arrow::Int64Type>(array, values); return true;
    case arrow::Type::UINT8: copyAs<arrow::UInt8Type>(array, values); return true;
    case arrow::Type::UINT16: copyAs<arrow::UInt16Type>(array, values); return true;
    case arrow::Type::UINT32: copyAs<arrow::UInt32Type>(array, values); return true;
    case arrow::Type::UINT64: copyAs<arrow::UInt64Type>(array, values); return true;
    default: return false;
    }
}

template <typename Value>
bool copyReal(const arrow::Array &array, Value *values) {
    switch (array.type_id()) {
    case arrow::Type::HALF_FLOAT: {
        const auto *bits = static_cast<const arrow::HalfFloatArray &>(array).raw_values();
        for (int64_t index = 0; index < array.length(); ++index)
            values[index] = static_cast<Value>(arrow::util::Float16::FromBits(bits[index]).ToFloat());
        return true;
    }
    case arrow::Type::FLOAT: copyAs<arrow::FloatType>(array, values); return true;
    case arrow::Type::DOUBLE: copyAs<arrow::DoubleType>(array, values); return true;
    default: return copyInteger(array, values);
    }
}

/// Copies every leaf with `copy`, which says whether it knows the type.
template <typename Value, typename Copy>
bool copyAll(const ParquetColumn *column, Value *values, const char *kind, Copy copy) {
    return guarded(false, [&] {
        for (const auto &leaf : column->leaves) {
            if (!copy(*leaf, values)) throw std::runtime_error(leaf->type()->ToString() + " is not " + kind);
            values += leaf->length();
        }
        return true;
    });
}

std::string_view textAt(const arrow::Array &array, int64_t index) {
    switch (array.type_id()) {
    case arrow::Type::STRING: return static_cast<const arrow::StringArray &>(array).GetView(index);
    case arrow::Type::LARGE_STRING: return static_cast<const arrow::LargeStringArray &>(array).GetView(index);
    case arrow::Type::STRING_VIEW: return static_cast<const arrow::StringViewArray &>(array).GetView(index);
    default: throw std::runtime_error(array.type()->ToString() + " is not text");
    }
}

}  // namespace

const char *parquet_last_error(void) { return lastError.c_str(); }

ParquetFile *parquet_open(const char *path) {
    return guarded<ParquetFile *>(nullptr, [&] {
        auto input = checked(arrow::io::ReadableFile::Open(path));
        auto properties = parquet::default_reader_properties();
        properties.set_page_checksum_verification(true);
        parquet::arrow::FileReaderBuilder builder;
        check(builder.Open(std::move(input), properties));
        auto file = std::make_unique<ParquetFile>();
        check(builder.Build(&file->reader));
        check(file->reader->GetSchema(&file->schema));
        for (const auto &field : file->schema->fields()) file->types.push_back(field->type()->ToString());
        return file.release();
    });
}

void parquet_close(ParquetFile *file) { delete file; }

int64_t parquet_row_count(const ParquetFile *file) {
    return file->reader->parquet_reader()->metadata()->num_rows();
}

int32_t parquet_column_count(const ParquetFile *file) { return file->schema->num_fields(); }

const char *parquet_column_name(const ParquetFile *file, int32_t index) {
    return file->schema->field(index)->name().c_str();
}

const char *parquet_column_type(const ParquetFile *file, int32_t index) { return file->types[index].c_str(); }

ParquetColumn *parquet_read_column(ParquetFile *file, int32_t index) {
    return guarded<ParquetColumn *>(nullptr, [&] {
        std::shared_ptr<arrow::ChunkedArray> chunks;
        check(file->reader->ReadColumn(index, &chunks));
        check(chunks->ValidateFull());
        auto column = std::make_unique<ParquetColumn>();
        for (const auto &chunk : chunks->chunks()) append(chunk, *column);
        if (static_cast<int64_t>(column->counts.size()) != parquet_row_count(file)) {
            throw std::runtime_error("the footer promises " + std::to_string(parquet_row_count(file)) +
                                     " rows, the pages hold " + std::to_string(column->counts.size()));
        }
        return column.release();
    });
}

void parquet_release_column(ParquetColumn *column) { delete column; }

int64_t parquet_value_count(const ParquetColumn *column) { return column->size; }

void parquet_copy_counts(const ParquetColumn *column, int64_t *counts) {
    std::copy(column->counts.begin(), column->counts.end(), counts);
}

bool parquet_copy_floats(const ParquetColumn *column, float *values) {
    return copyAll(column, values, "numeric", copyReal<float>);
}

bool parquet_copy_doubles(const ParquetColumn *column, double *values) {
    return copyAll(column, values, "numeric", copyReal<double>);
}

bool parquet_copy_integers(const ParquetColumn *column, int64_t *values) {
    return copyAll(column, values, "an integer", copyInteger<int64_t>);
}

const char *parquet_text(const ParquetColumn *column, int64_t index, int64_t *length) {
    return guarded<const char *>(nullptr, [&] {
        for (const auto &leaf : column->leaves) {
            if (index < leaf->length()) {
                const auto text = textAt(*leaf, index);
                *length = static_cast<int64_t>(text.size());
                return text.data() ? text.data() : "";
            }
            index -= leaf->length();
        }
        throw std::runtime_error("no such value");
    });
}
