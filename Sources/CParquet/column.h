#pragma once
#include <arrow/array.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <vector>

/// Consecutive rows whose innermost values lie in one array.
struct Piece {
    std::shared_ptr<arrow::Array> leaf;
    int64_t firstRow = 0;
    int64_t rows = 0;
    /// Values of every row; -1 where rows differ or some are null.
    int64_t width = -1;
    /// Start and number of a row's values (-1: the row is null), unless all have `width`.
    std::vector<int64_t> starts, counts;

    int64_t start(int64_t row) const { return width >= 0 ? row * width : starts[row]; }
    int64_t count(int64_t row) const { return width >= 0 ? width : counts[row]; }
};

struct ParquetColumn {
    std::vector<Piece> pieces;
    int64_t rows = 0;

    const Piece &piece(int64_t row) const {
        if (row < 0 || row >= rows) throw std::runtime_error("no such row");
        auto next = std::upper_bound(pieces.begin(), pieces.end(), row,
                                     [](int64_t row, const Piece &piece) { return row < piece.firstRow; });
        return *std::prev(next);
    }
};
