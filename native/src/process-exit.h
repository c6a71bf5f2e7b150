#pragma once

// Client instances of this process that are not shut down. Their threads may be anywhere in Ceph's
// code, and a silent OSD can keep them there for ever.
void clientOpened();
void clientGone();

// From now on, exit(3) with open clients calls _exit at once, without the destructors of Ceph's
// libraries, which would destroy data that those threads use.
void leaveAtOnceWithOpenClients();
