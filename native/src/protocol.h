// The numbers that the addon and its typed face agree on. src/ceph/native-protocol.ts has the same
// table, and compares it with the addon's `protocol` when it loads.
#pragma once

#include <cstdint>

#define ALLPATH_PROTOCOL(X)                                                                     \
  X(resultFields, 3)                                                                            \
  X(descriptorFields, 7)                                                                        \
  X(imageRead, 1)                                                                               \
  X(imageWrite, 2)                                                                              \
  X(imageDiscard, 3)                                                                            \
  X(imageWriteSame, 4)                                                                          \
  X(imageWriteZeroes, 5)                                                                        \
  X(imageFlush, 6)                                                                              \
  X(imageCompareAndWrite, 7)                                                                    \
  X(writeCreate, 1)                                                                             \
  X(writeAssertExists, 2)                                                                       \
  X(writeAssertVersion, 3)                                                                      \
  X(writeCmpext, 4)                                                                             \
  X(writeWrite, 5)                                                                              \
  X(writeWriteFull, 6)                                                                          \
  X(writeRemove, 7)                                                                             \
  X(writeZero, 8)                                                                               \
  X(writeTruncate, 9)                                                                           \
  X(writeCmpxattr, 10)                                                                          \
  X(writeSetxattr, 11)                                                                          \
  X(writeRmxattr, 12)                                                                           \
  X(writeOmapCmp, 13)                                                                           \
  X(writeOmapSet, 14)                                                                           \
  X(writeOmapRemove, 15)                                                                        \
  X(writeOmapClear, 16)                                                                         \
  X(writeExec, 17)                                                                              \
  X(readRead, 1)                                                                                \
  X(readStat, 2)                                                                                \
  X(readGetxattrs, 3)                                                                           \
  X(readOmapGetValues, 4)                                                                       \
  X(readOmapGetValuesByKeys, 5)

namespace protocol {

#define ALLPATH_CONSTANT(name, value) constexpr uint32_t name = value;
ALLPATH_PROTOCOL(ALLPATH_CONSTANT)
#undef ALLPATH_CONSTANT

}  // namespace protocol
