// Calls of Ceph that wait run on a thread of their own each; the typed layer bounds their number.
#pragma once

#include <functional>

#include "environment.h"

// False when the system has no thread to give.
bool startThread(std::function<void()> work);

// Runs `work`, which sets result and value of the answer, off the JavaScript thread. The work keeps
// alive what it uses: it may go on after the environment has ended.
void callBlocking(Environment &environment, uint32_t slot, std::function<void(Message &)> work);
