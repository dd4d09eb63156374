#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <memory>
#include <vector>

#include "barrier.h"
#include "column.h"
#include "include/cparquet.h"

namespace {

struct Column {
    ParquetScalar scalar;
    /// Lengths of the lists, outermost first; empty where the lists have free length.
    std::vector<int64_t> shape;
    bool isFree;
    bool isFixed;
    std::shared_ptr<arrow::Array> data;
    /// Innermost values that were appended; they become `data` when the row group is written.
    std::shared_ptr<arrow::ArrayBuilder> builder;
};

std::shared_ptr<arrow::DataType> scalarType(ParquetScalar scalar) {
    switch (scalar) {
    case PARQUET_INT64: return arrow::int64();
    case PARQUET_FLOAT: return arrow::float32();
    case PARQUET_DOUBLE: return arrow::float64();
    case PARQUET_TEXT: return arrow::utf8();
    case PARQUET_BOOL: return arrow::boolean();
    case PARQUET_INT8: return arrow::int8();
    case PARQUET_INT16: return arrow::int16();
    case PARQUET_INT32: return arrow::int32();
    case PARQUET_UINT8: return arrow::uint8();
    case PARQUET_UINT16: return arrow::uint16();
    case PARQUET_UINT32: return arrow::uint32();
    case PARQUET_UINT64: return arrow::uint64();
    case PARQUET_HALF: return arrow::float16();
    case PARQUET_IMAGE:
        return arrow::struct_({arrow::field("bytes", arrow::binary()), arrow::field("path", arrow::utf8())});
    }
    throw std::runtime_error("unknown column type");
}

std::shared_ptr<arrow::DataType> type(const Column &column) {
    auto type = scalarType(column.scalar);
    if (column.isFree) return arrow::list(arrow::field("element", type));
    for (auto length = column.shape.rbegin(); length != column.shape.rend(); ++length) {
        auto element = arrow::field("element", type);
        type = column.isFixed ? arrow::fixed_size_list(element, static_cast<int32_t>(*length)) : arrow::list(element);
    }
    return type;
}

std::shared_ptr<arrow::Array> lists(const std::shared_ptr<arrow::Array> &values, const std::vector<int32_t> &offsets) {
    arrow::Int32Builder builder;
    check(builder.AppendValues(offsets));
    auto type = arrow::list(arrow::field("element", values->type()));
    return checked(arrow::ListArray::FromArrays(type, *checked(builder.Finish()), *values));
}

/// Wraps flat values in the lists of the column's shape, innermost first.
std::shared_ptr<arrow::Array> nested(std::shared_ptr<arrow::Array> values, const Column &column) {
    for (auto length = column.shape.rbegin(); length != column.shape.rend(); ++length) {
        if (*length <= 0 || values->length() % *length != 0) throw std::runtime_error("values are not whole rows");
        if (column.isFixed) {
            auto type = arrow::fixed_size_list(arrow::field("element", values->type()), static_cast<int32_t>(*length));
            values = checked(arrow::FixedSizeListArray::FromArrays(values, type));
        } else {
            std::vector<int32_t> offsets;
            for (int64_t offset = 0; offset <= values->length(); offset += *length) {
                offsets.push_back(static_cast<int32_t>(offset));
            }
            values = lists(values, offsets);
        }
    }
    return values;
}

template <typename Builder>
std::shared_ptr<arrow::Array> numbers(const void *values, int64_t count) {
    Builder builder;
    check(builder.AppendValues(static_cast<const typename Builder::value_type *>(values), count));
    return checked(builder.Finish());
}

std::shared_ptr<arrow::Array> numbers(ParquetScalar scalar, const void *values, int64_t count) {
    switch (scalar) {
    case PARQUET_INT64: return numbers<arrow::Int64Builder>(values, count);
    case PARQUET_FLOAT: return numbers<arrow::FloatBuilder>(values, count);
    case PARQUET_DOUBLE: return numbers<arrow::DoubleBuilder>(values, count);
    case PARQUET_BOOL: {
        arrow::BooleanBuilder builder;
        check(builder.AppendValues(static_cast<const uint8_t *>(values), count));
        return checked(builder.Finish());
    }
    default: break;
    }
    throw std::runtime_error("a column of this type cannot hold these numbers");
}

/// The builder of a column's innermost values, made where there is none yet.
arrow::ArrayBuilder &builder(Column &column) {
    if (column.isFree) throw std::runtime_error("rows of free length cannot be appended");
    if (!column.builder) column.builder = checked(arrow::MakeBuilder(scalarType(column.scalar)));
    return *column.builder;
}

}  // namespace

struct ParquetWriter {
    std::shared_ptr<arrow::io::FileOutputStream> output;
    std::unique_ptr<parquet::arrow::FileWriter> writer;
    std::shared_ptr<arrow::Schema> schema;
    std::vector<Column> columns;
};

ParquetWriter *parquet_create(const char *path, const ParquetField *fields, int32_t fieldCount,
                              const char *const *keys, const char *const *texts, int32_t keyCount) {
    return guarded<ParquetWriter *>(nullptr, [&] {
        auto file = std::make_unique<ParquetWriter>();
        arrow::FieldVector schema;
        for (int32_t index = 0; index < fieldCount; ++index) {
            const auto &field = fields[index];
            const bool isFree = field.rank > 0 && field.shape == nullptr;
            std::vector<int64_t> shape;
            if (!isFree) shape.assign(field.shape, field.shape + field.rank);
            file->columns.push_back({field.scalar, shape, isFree, field.fixed, nullptr, nullptr});
            schema.push_back(arrow::field(field.name, type(file->columns.back())));
        }
        auto metadata = std::make_shared<arrow::KeyValueMetadata>();
        for (int32_t index = 0; index < keyCount; ++index) metadata->Append(keys[index], texts[index]);
        file->schema = arrow::schema(std::move(schema), std::move(metadata));
        file->output = checked(arrow::io::FileOutputStream::Open(path));
        auto properties = parquet::WriterProperties::Builder()
                              .compression(arrow::Compression::SNAPPY)
                              ->enable_page_checksum()
                              ->build();
        auto arrowProperties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        file->writer = checked(parquet::arrow::FileWriter::Open(
            *file->schema, arrow::default_memory_pool(), file->output, properties, arrowProperties));
        return file.release();
    });
}

bool parquet_set_numbers(ParquetWriter *writer, int32_t column, const void *values, int64_t count) {
    return guarded(false, [&] {
        auto &target = writer->columns.at(column);
        target.data = nested(numbers(target.scalar, values, count), target);
        return true;
    });
}

bool parquet_set_texts(ParquetWriter *writer, int32_t column, const char *bytes, const int64_t *ends,
                       int64_t count, const int64_t *rowCounts, int64_t rows) {
    return guarded(false, [&] {
        auto &target = writer->columns.at(column);
        if (target.scalar != PARQUET_TEXT) throw std::runtime_error("a number column cannot hold text");
        arrow::StringBuilder builder;
        for (int64_t index = 0; index < count; ++index) {
            const int64_t start = index == 0 ? 0 : ends[index - 1];
            check(builder.Append(bytes + start, static_cast<int32_t>(ends[index] - start)));
        }
        auto texts = checked(builder.Finish());
        if (!target.isFree) {
            target.data = nested(texts, target);
            return true;
        }
        std::vector<int32_t> offsets = {0};
        for (int64_t row = 0; row < rows; ++row) {
            offsets.push_back(offsets.back() + static_cast<int32_t>(rowCounts[row]));
        }
        target.data = lists(texts, offsets);
        return true;
    });
}

bool parquet_append_rows(ParquetWriter *writer, int32_t column, const ParquetColumn *source, const int64_t *rows,
                         int64_t count) {
    return guarded(false, [&] {
        auto &target = writer->columns.at(column);
        int64_t width = 1;
        for (const int64_t length : target.shape) width *= length;
        auto &values = builder(target);
        for (int64_t index = 0; index < count; ++index) {
            const auto &piece = source->piece(rows[index]);
            const int64_t row = rows[index] - piece.firstRow;
            const int64_t found = piece.count(row);
            if (found < 0) {
                check(values.AppendNulls(width));
                continue;
            }
            if (found != width) {
                throw std::runtime_error("row " + std::to_string(rows[index]) + " has " + std::to_string(found) +
                                         " values, expected " + std::to_string(width));
            }
            const int64_t start = piece.start(row);
            if (piece.leaf->type_id() == values.type()->id()) {
                check(values.AppendArraySlice(arrow::ArraySpan(*piece.leaf->data()), start, width));
                continue;
            }
            for (int64_t value = start; value < start + width; ++value) {
                if (piece.leaf->type_id() == arrow::Type::NA || piece.leaf->IsNull(value)) {
                    check(values.AppendNull());
                } else {
                    auto scalar = checked(piece.leaf->GetScalar(value));
                    if (scalar->type->id() == arrow::Type::DICTIONARY)
                        scalar = checked(static_cast<const arrow::DictionaryScalar &>(*scalar).GetEncodedValue());
                    if (scalar->type->id() == arrow::Type::DECIMAL128) {
                        const auto scale = static_cast<const arrow::Decimal128Type &>(*scalar->type).scale();
                        const auto &decimal = static_cast<const arrow::Decimal128Scalar &>(*scalar);
                        scalar = arrow::MakeScalar(decimal.value.ToDouble(scale));
                    }
                    check(values.AppendScalar(*checked(scalar->CastTo(values.type()))));
                }
            }
        }
        return true;
    });
}

bool parquet_append_image(ParquetWriter *writer, int32_t column, const void *bytes, int64_t byteCount,
                          const char *path) {
    return guarded(false, [&] {
        auto &values = dynamic_cast<arrow::StructBuilder &>(builder(writer->columns.at(column)));
        auto &byteValues = dynamic_cast<arrow::BinaryBuilder &>(*values.field_builder(0));
        auto &paths = dynamic_cast<arrow::StringBuilder &>(*values.field_builder(1));
        check(values.Append());
        check(bytes ? byteValues.Append(static_cast<const uint8_t *>(bytes), static_cast<int32_t>(byteCount))
                    : byteValues.AppendNull());
        check(path ? paths.Append(path) : paths.AppendNull());
        return true;
    });
}

bool parquet_write_row_group(ParquetWriter *writer, int64_t rows) {
    return guarded(false, [&] {
        arrow::ArrayVector arrays;
        for (size_t index = 0; index < writer->columns.size(); ++index) {
            const auto &name = writer->schema->field(static_cast<int>(index))->name();
            auto &column = writer->columns[index];
            if (column.builder) column.data = nested(checked(column.builder->Finish()), column);
            column.builder = nullptr;
            auto data = std::move(writer->columns[index].data);
            if (!data) throw std::runtime_error("column " + name + " was not set");
            if (data->length() != rows) {
                throw std::runtime_error("column " + name + ": expected " + std::to_string(rows) + " rows, got " +
                                         std::to_string(data->length()));
            }
            arrays.push_back(std::move(data));
        }
        const auto table = arrow::Table::Make(writer->schema, std::move(arrays), rows);
        check(writer->writer->WriteTable(*table, rows > 0 ? rows : 1));
        return true;
    });
}

int64_t parquet_bytes_written(const ParquetWriter *writer) {
    return guarded<int64_t>(-1, [&] { return checked(writer->output->Tell()); });
}

bool parquet_finish(ParquetWriter *writer) {
    return guarded(false, [&] {
        check(writer->writer->Close());
        check(writer->output->Close());
        return true;
    });
}

void parquet_release_writer(ParquetWriter *writer) { delete writer; }
