// Empty on purpose: libtorch's headers are C++ and only CTorch includes them. This target exists so
// that SwiftPM passes the flags of libtorch.pc on.
