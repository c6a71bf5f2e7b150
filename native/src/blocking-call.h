// Each blocking call of Ceph runs on its own thread; the typed layer bounds their number.
#pragma once

#include <functional>

#include "environment.h"

// False if the system cannot create a thread.
bool startThread(std::function<void()> work);

// Runs `work`, which sets result and value of the answer, off the JavaScript thread. The work keeps
// alive what it uses: it may continue after the environment has ended.
void callBlocking(Environment &environment, uint32_t slot, std::function<void(Message &)> work);
