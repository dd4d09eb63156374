// Empty on purpose: Arrow's headers are C++ and only CParquet includes them. This target exists so that
// SwiftPM passes the flags of faster-parquet.pc on.
