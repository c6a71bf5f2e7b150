#pragma once

// Client instances of this process that are not shut down. Their threads may be anywhere in Ceph's
// code, and a silent OSD can keep them there for ever.
void clientOpened();
void clientGone();

// From now on, exit(3) with clients open goes straight to _exit, past the destructors of Ceph's
// libraries, which would pull the ground from under those threads.
void leaveAtOnceWithOpenClients();
