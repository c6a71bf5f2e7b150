#pragma once

#include <string>

#include "ceph-api.h"

struct MissingLibrary {
  std::string library;
  std::string reason;
};

// Ceph's functions; filled by the first `loadCeph` of the process that succeeds.
extern CephApi ceph;

// Loads librados and librbd once. True on success; otherwise `missing` names the absent one.
bool loadCeph(MissingLibrary &missing);
