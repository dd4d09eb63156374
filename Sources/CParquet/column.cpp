#include "column.h"

#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>

#include <cmath>
#include <string_view>

#include "barrier.h"
#include "include/cparquet.h"

namespace {

template <typename ArrowType, typename Value>
void copyAs(const arrow::Array &array, int64_t first, int64_t count, Value *values) {
    const auto *source = static_cast<const arrow::NumericArray<ArrowType> &>(array).raw_values() + first;
    for (int64_t index = 0; index < count; ++index) values[index] = static_cast<Value>(source[index]);
}

/// Copies values that are coded by their position among the different ones; null ones are left as they are.
template <typename Value, typename Copy>
bool copyCoded(const arrow::Array &array, int64_t first, int64_t count, Value *values, Copy copy) {
    const auto &coded = static_cast<const arrow::DictionaryArray &>(array);
    for (int64_t index = 0; index < count; ++index) {
        if (coded.IsNull(first + index)) continue;
        if (!copy(*coded.dictionary(), coded.GetValueIndex(first + index), 1, values + index)) return false;
    }
    return true;
}

template <typename Value>
bool copyInteger(const arrow::Array &array, int64_t first, int64_t count, Value *values) {
    switch (array.type_id()) {
    case arrow::Type::BOOL: {
        const auto &typed = static_cast<const arrow::BooleanArray &>(array);
        for (int64_t index = 0; index < count; ++index) values[index] = typed.Value(first + index) ? 1 : 0;
        return true;
    }
    case arrow::Type::INT8: copyAs<arrow::Int8Type>(array, first, count, values); return true;
    case arrow::Type::INT16: copyAs<arrow::Int16Type>(array, first, count, values); return true;
    case arrow::Type::INT32: copyAs<arrow::Int32Type>(array, first, count, values); return true;
    case arrow::Type::INT64: copyAs<arrow::Int64Type>(array, first, count, values); return true;
    case arrow::Type::UINT8: copyAs<arrow::UInt8Type>(array, first, count, values); return true;
    case arrow::Type::UINT16: copyAs<arrow::UInt16Type>(array, first, count, values); return true;
    case arrow::Type::UINT32: copyAs<arrow::UInt32Type>(array, first, count, values); return true;
    case arrow::Type::UINT64: copyAs<arrow::UInt64Type>(array, first, count, values); return true;
    case arrow::Type::DICTIONARY: return copyCoded(array, first, count, values, copyInteger<Value>);
    default: return false;
    }
}

/// Units in a second.
double perSecond(arrow::TimeUnit::type unit) {
    switch (unit) {
    case arrow::TimeUnit::SECOND: return 1;
    case arrow::TimeUnit::MILLI: return 1e3;
    case arrow::TimeUnit::MICRO: return 1e6;
    default: return 1e9;
    }
}

/// Copies points or spans of time as seconds.
template <typename Value>
void copySeconds(const arrow::Array &array, arrow::TimeUnit::type unit, int64_t first, int64_t count, Value *values) {
    const auto *source = array.data()->GetValues<int64_t>(1) + first;
    for (int64_t index = 0; index < count; ++index)
        values[index] = static_cast<Value>(static_cast<double>(source[index]) / perSecond(unit));
}

template <typename Value>
bool copyReal(const arrow::Array &array, int64_t first, int64_t count, Value *values) {
    switch (array.type_id()) {
    case arrow::Type::HALF_FLOAT: {
        const auto *bits = static_cast<const arrow::HalfFloatArray &>(array).raw_values() + first;
        for (int64_t index = 0; index < count; ++index)
            values[index] = static_cast<Value>(arrow::util::Float16::FromBits(bits[index]).ToFloat());
        return true;
    }
    case arrow::Type::FLOAT: copyAs<arrow::FloatType>(array, first, count, values); return true;
    case arrow::Type::DOUBLE: copyAs<arrow::DoubleType>(array, first, count, values); return true;
    case arrow::Type::DECIMAL128: {
        const auto &typed = static_cast<const arrow::Decimal128Array &>(array);
        const auto scale = static_cast<const arrow::Decimal128Type &>(*array.type()).scale();
        for (int64_t index = 0; index < count; ++index)
            values[index] =
                static_cast<Value>(arrow::Decimal128(typed.GetValue(first + index)).ToDouble(scale));
        return true;
    }
    case arrow::Type::TIMESTAMP:
        copySeconds(array, static_cast<const arrow::TimestampType &>(*array.type()).unit(), first, count, values);
        return true;
    case arrow::Type::DURATION:
        copySeconds(array, static_cast<const arrow::DurationType &>(*array.type()).unit(), first, count, values);
        return true;
    case arrow::Type::DICTIONARY: return copyCoded(array, first, count, values, copyReal<Value>);
    default: return copyInteger(array, first, count, values);
    }
}

/// Whole numbers, which pandas writes as real ones, with NaN for `null`, where some are null.
bool copyWhole(const arrow::Array &array, int64_t first, int64_t count, int64_t null, int64_t *values) {
    if (copyInteger(array, first, count, values)) return true;
    std::vector<double> reals(count);
    if (!copyReal(array, first, count, reals.data())) return false;
    for (int64_t index = 0; index < count; ++index) {
        if (array.IsNull(first + index) || std::isnan(reals[index])) {
            values[index] = null;
            continue;
        }
        if (std::abs(reals[index]) > 9e15 || reals[index] != std::floor(reals[index])) {
            throw std::runtime_error(std::to_string(reals[index]) + " is not a whole number");
        }
        values[index] = static_cast<int64_t>(reals[index]);
    }
    return true;
}

/// Copies every row with `copy`, which returns true if it knows the type.
template <typename Value, typename Copy>
bool copyAll(const ParquetColumn *column, int64_t width, Value null, Value *values, const char *kind, Copy copy) {
    return guarded(false, [&] {
        for (const auto &piece : column->pieces) {
            const auto &leaf = *piece.leaf;
            const auto take = [&](int64_t first, int64_t count, Value *target) {
                if (leaf.type_id() == arrow::Type::NA) return std::fill(target, target + count, null);
                if (!copy(leaf, first, count, target))
                    throw std::runtime_error(leaf.type()->ToString() + " is not " + kind);
                if (leaf.null_count() == 0) return;
                for (int64_t index = 0; index < count; ++index)
                    if (leaf.IsNull(first + index)) target[index] = null;
            };
            if (piece.width == width) {
                take(0, piece.rows * width, values);
                values += piece.rows * width;
                continue;
            }
            for (int64_t row = 0; row < piece.rows; ++row, values += width) {
                const int64_t count = piece.count(row);
                if (count < 0) {
                    std::fill(values, values + width, null);
                } else if (count != width) {
                    throw std::runtime_error("rows of different lengths");
                } else {
                    take(piece.start(row), width, values);
                }
            }
        }
        return true;
    });
}

std::string_view textAt(const arrow::Array &array, int64_t index) {
    switch (array.type_id()) {
    case arrow::Type::STRING: return static_cast<const arrow::StringArray &>(array).GetView(index);
    case arrow::Type::LARGE_STRING: return static_cast<const arrow::LargeStringArray &>(array).GetView(index);
    case arrow::Type::STRING_VIEW: return static_cast<const arrow::StringViewArray &>(array).GetView(index);
    case arrow::Type::BINARY: return static_cast<const arrow::BinaryArray &>(array).GetView(index);
    case arrow::Type::LARGE_BINARY: return static_cast<const arrow::LargeBinaryArray &>(array).GetView(index);
    case arrow::Type::BINARY_VIEW: return static_cast<const arrow::BinaryViewArray &>(array).GetView(index);
    case arrow::Type::FIXED_SIZE_BINARY:
        return static_cast<const arrow::FixedSizeBinaryArray &>(array).GetView(index);
    case arrow::Type::DICTIONARY: {
        const auto &coded = static_cast<const arrow::DictionaryArray &>(array);
        return textAt(*coded.dictionary(), coded.GetValueIndex(index));
    }
    default: throw std::runtime_error(array.type()->ToString() + " is neither text nor bytes");
    }
}

}  // namespace

void parquet_release_column(ParquetColumn *column) { delete column; }

int64_t parquet_column_rows(const ParquetColumn *column) { return column->rows; }

int64_t parquet_count(const ParquetColumn *column, int64_t row) {
    return guarded<int64_t>(-1, [&] {
        const auto &piece = column->piece(row);
        return piece.count(row - piece.firstRow);
    });
}

int64_t parquet_uneven_row(const ParquetColumn *column, int64_t width) {
    for (const auto &piece : column->pieces) {
        if (piece.width == width) continue;
        for (int64_t row = 0; row < piece.rows; ++row) {
            if (piece.count(row) >= 0 && piece.count(row) != width) return piece.firstRow + row;
        }
    }
    return -1;
}

bool parquet_copy_floats(const ParquetColumn *column, int64_t width, float null, float *values) {
    return copyAll(column, width, null, values, "numeric", copyReal<float>);
}

bool parquet_copy_row(const ParquetColumn *column, int64_t row, float null, float *values) {
    return guarded(false, [&] {
        const auto &piece = column->piece(row);
        ParquetColumn one;
        Piece slice;
        const int64_t width = piece.count(row - piece.firstRow);
        slice.leaf = piece.leaf->Slice(piece.start(row - piece.firstRow), std::max<int64_t>(width, 0));
        slice.rows = 1;
        slice.width = std::max<int64_t>(width, 0);
        one.rows = 1;
        one.pieces.push_back(std::move(slice));
        if (!parquet_copy_floats(&one, std::max<int64_t>(width, 0), null, values)) throw std::runtime_error(lastError);
        return true;
    });
}

bool parquet_copy_doubles(const ParquetColumn *column, int64_t width, double null, double *values) {
    return copyAll(column, width, null, values, "numeric", copyReal<double>);
}

bool parquet_copy_integers(const ParquetColumn *column, int64_t width, int64_t null, int64_t *values) {
    const auto copy = [null](const arrow::Array &array, int64_t first, int64_t count, int64_t *target) {
        return copyWhole(array, first, count, null, target);
    };
    return copyAll(column, width, null, values, "a whole number", copy);
}

const char *parquet_text(const ParquetColumn *column, int64_t row, int64_t position, int64_t *length) {
    *length = -2;
    return guarded<const char *>(nullptr, [&]() -> const char * {
        const auto &piece = column->piece(row);
        if (position < 0 || position >= piece.count(row - piece.firstRow)) throw std::runtime_error("no such value");
        const int64_t index = piece.start(row - piece.firstRow) + position;
        if (piece.leaf->type_id() == arrow::Type::NA || piece.leaf->IsNull(index)) {
            *length = -1;
            return nullptr;
        }
        const auto text = textAt(*piece.leaf, index);
        *length = static_cast<int64_t>(text.size());
        return text.data() ? text.data() : "";
    });
}
