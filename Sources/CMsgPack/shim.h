// msgpack-c, the reference implementation of MessagePack in C (Debian: libmsgpack-dev).
#include <msgpack.h>
