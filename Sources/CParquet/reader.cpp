#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/extension_type.h>
#include <arrow/io/file.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <memory>
#include <vector>

#include "barrier.h"
#include "column.h"
#include "include/cparquet.h"

struct ParquetFile {
    std::unique_ptr<parquet::arrow::FileReader> reader;
    std::shared_ptr<arrow::Schema> schema;
    std::vector<std::string> types;
};

namespace {

/// Replaces the row boundaries in a list array by those in its values, and returns the values.
template <typename List>
std::shared_ptr<arrow::Array> descend(const arrow::Array &array, std::vector<int64_t> &boundaries) {
    const auto &list = static_cast<const List &>(array);
    const int64_t first = list.value_offset(0);
    for (auto &boundary : boundaries) boundary = list.value_offset(boundary) - first;
    return list.values()->Slice(first, boundaries.back());
}

/// Flattens one chunk into `column`. A null row stays a row; a null list within a row is an empty one.
void append(std::shared_ptr<arrow::Array> array, ParquetColumn &column) {
    if (array->length() == 0) return;
    Piece piece;
    piece.firstRow = column.rows;
    piece.rows = array->length();
    const auto outer = array;
    std::vector<int64_t> boundaries(array->length() + 1);
    for (size_t row = 0; row < boundaries.size(); ++row) boundaries[row] = static_cast<int64_t>(row);
    bool isNested = false;
    for (bool isList = true; isList;) {
        switch (array->type_id()) {
        // Tensors and other types with a name of their own are stored as lists or plain values.
        case arrow::Type::EXTENSION: array = static_cast<const arrow::ExtensionArray &>(*array).storage(); continue;
        case arrow::Type::LIST: array = descend<arrow::ListArray>(*array, boundaries); break;
        case arrow::Type::LARGE_LIST: array = descend<arrow::LargeListArray>(*array, boundaries); break;
        case arrow::Type::FIXED_SIZE_LIST: array = descend<arrow::FixedSizeListArray>(*array, boundaries); break;
        default: isList = false; continue;
        }
        isNested = true;
    }
    const bool hasNulls = isNested && outer->null_count() > 0;
    piece.width = hasNulls ? -1 : boundaries[1] - boundaries[0];
    for (size_t row = 1; row < boundaries.size() && piece.width >= 0; ++row) {
        if (boundaries[row] - boundaries[row - 1] != piece.width) piece.width = -1;
    }
    if (piece.width < 0) {
        for (int64_t row = 0; row < piece.rows; ++row) {
            piece.starts.push_back(boundaries[row]);
            piece.counts.push_back(hasNulls && outer->IsNull(row) ? -1 : boundaries[row + 1] - boundaries[row]);
        }
    }
    piece.leaf = std::move(array);
    column.rows += piece.rows;
    column.pieces.push_back(std::move(piece));
}

/// Throws where the footer's numbers of rows contradict each other: they become sizes of memory.
void checkRowCounts(const parquet::FileMetaData &metadata) {
    int64_t left = metadata.num_rows();
    for (int group = 0; group < metadata.num_row_groups(); ++group) {
        const int64_t rows = metadata.RowGroup(group)->num_rows();
        if (rows < 0 || rows > left) {
            throw std::runtime_error("the footer promises " + std::to_string(metadata.num_rows()) + " rows, and " +
                                     std::to_string(rows) + " of them in row group " + std::to_string(group));
        }
        left -= rows;
    }
    if (left != 0) throw std::runtime_error(std::to_string(left) + " rows of the footer are in no row group");
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
        checkRowCounts(*file->reader->parquet_reader()->metadata());
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

int32_t parquet_group_count(const ParquetFile *file) {
    return file->reader->parquet_reader()->metadata()->num_row_groups();
}

int64_t parquet_group_rows(const ParquetFile *file, int32_t group) {
    return file->reader->parquet_reader()->metadata()->RowGroup(group)->num_rows();
}

bool parquet_group_range(const ParquetFile *file, int32_t group, int32_t index, int64_t *smallest, int64_t *largest) {
    return guarded(false, [&] {
        const auto metadata = file->reader->parquet_reader()->metadata();
        const int leaf = metadata->schema()->ColumnIndex(file->schema->field(index)->name());
        if (leaf < 0 || metadata->schema()->Column(leaf)->physical_type() != parquet::Type::INT64) return false;
        const auto statistics = metadata->RowGroup(group)->ColumnChunk(leaf)->statistics();
        if (!statistics || !statistics->HasMinMax() || !statistics->HasNullCount() || statistics->null_count() > 0)
            return false;
        const auto &typed = static_cast<const parquet::Int64Statistics &>(*statistics);
        *smallest = typed.min();
        *largest = typed.max();
        return true;
    });
}

ParquetColumn *parquet_read_column(ParquetFile *file, int32_t index, int32_t firstGroup, int32_t groupCount) {
    return guarded<ParquetColumn *>(nullptr, [&] {
        auto column = std::make_unique<ParquetColumn>();
        int64_t expected = 0;
        const auto take = [&](const std::shared_ptr<arrow::ChunkedArray> &chunks) {
            check(chunks->ValidateFull());
            for (const auto &chunk : chunks->chunks()) append(chunk, *column);
        };
        std::shared_ptr<arrow::ChunkedArray> chunks;
        if (firstGroup == 0 && groupCount == parquet_group_count(file)) {
            expected = parquet_row_count(file);
            check(file->reader->ReadColumn(index, &chunks));
            take(chunks);
        } else {
            for (int32_t group = firstGroup; group < firstGroup + groupCount; ++group) {
                expected += parquet_group_rows(file, group);
                check(file->reader->RowGroup(group)->Column(index)->Read(&chunks));
                take(chunks);
            }
        }
        if (column->rows != expected) {
            throw std::runtime_error("the footer promises " + std::to_string(expected) + " rows, the pages hold " +
                                     std::to_string(column->rows));
        }
        return column.release();
    });
}

ParquetColumn *parquet_field(const ParquetColumn *column, const char *name) {
    return guarded<ParquetColumn *>(nullptr, [&] {
        auto field = std::make_unique<ParquetColumn>();
        for (const auto &piece : column->pieces) {
            if (piece.leaf->type_id() != arrow::Type::STRUCT || piece.width != 1)
                throw std::runtime_error(piece.leaf->type()->ToString() + " is no struct");
            const auto &values = static_cast<const arrow::StructArray &>(*piece.leaf);
            const int index = values.struct_type()->GetFieldIndex(name);
            if (index < 0) throw std::runtime_error("no field '" + std::string(name) + "'");
            append(checked(values.GetFlattenedField(index)), *field);
        }
        return field.release();
    });
}
