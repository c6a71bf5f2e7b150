/* The LU-wide event of docs/internals/unit-event.md, whose step numbers stand at the transitions.
 *
 * One logical unit. Event e forbids every write that was checked under a state older than e, and
 * establishes one unit attention at each nexus. A gateway is one incarnation. Each transition is
 * one operation on something shared, or one turn of an event loop; pauses are interleavings. Time is
 * left out: a bound is a transition that may be taken at any moment.
 *
 * Every run ends, because all that could repeat is bounded. So "an event ends" is a statement of the
 * last state of each run, which `judge` makes.
 *
 * Checked: I3 and I4 (`land`, `observe`), I5 (`observe`, `answer`), and that everything ends.
 */

/* What a configuration may set. models/configurations.ts has those that are run. */
#ifndef GATEWAYS
#define GATEWAYS 2
#endif
#ifndef EVENTS       /* commands that ask for an event, at any gateway */
#define EVENTS 1
#endif
#ifndef JOINERS      /* bit i: gateway i has not joined yet */
#define JOINERS 0
#endif
#ifndef SURVIVOR     /* this one neither crashes nor is closed: somebody has to be left */
#define SURVIVOR 1
#endif
#ifndef SELF_FENCES  /* while the OSD goes on; as many as are needed when it has stopped */
#define SELF_FENCES 0
#endif
#ifndef LOST_ANSWERS /* of compare-and-sets */
#define LOST_ANSWERS 0
#endif
#ifndef ABANDONED    /* commands that are aborted, or whose session ends */
#define ABANDONED 0
#endif
#ifndef UNLOADS      /* times that a unit leaves a gateway's table */
#define UNLOADS 0
#endif
#ifndef HOLDS        /* times that a gateway holds because it cannot pass a barrier */
#define HOLDS 0
#endif

#if GATEWAYS == 3
#define EVERY(is, x) (is(0, x) && is(1, x) && is(2, x))
#define SOME(is, x) (is(0, x) || is(1, x) || is(2, x))
#else
#define EVERY(is, x) (is(0, x) && is(1, x))
#define SOME(is, x) (is(0, x) || is(1, x))
#endif
#define OPEN_BIT(j) ((member[j] == OPEN) << j)
#if GATEWAYS == 3
#define OPEN_MEMBERS (OPEN_BIT(0) | OPEN_BIT(1) | OPEN_BIT(2))
#else
#define OPEN_MEMBERS (OPEN_BIT(0) | OPEN_BIT(1))
#endif
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* ---- Shared: the members object, the record, the maps of the OSDs ---- */

#define NONE 0
#define OPEN 1
#define CLOSED 2
#define LISTED 3     /* on the blocklist, and the epoch is raised */
#define FINISHED 4
byte member[GATEWAYS];
bit mark[GATEWAYS];
byte acked[GATEWAYS];       /* the event that it has acknowledged, by an answer or a heartbeat */

byte committed, settled;    /* the record: number of the last event, highest settled number */
byte origin;                /* the slot: whose event the last one is */

/* A map is the number of blocklistings in it. An object knows the newest map of those that did
 * anything to it with a newer one, and a fence's number bars it once its object knows that map. */
byte newestMap;
byte map[GATEWAYS];         /* of a gateway's clients */
byte recordMap, blockMap;   /* of the record, and of the one block that is written */
byte fence[GATEWAYS];       /* the map that bars this incarnation; 0 if none does */
byte selfFence[GATEWAYS];   /* the map that bars its former volume instance; 0 if none was fenced */

/* ---- Each gateway ---- */

#define OUT 0
#define ABSENT 1            /* a member; the unit is not in its table */
#define LOADING 2           /* in the table; the record is not read */
#define LOADED 3
#define SERVING 4
bit alive[GATEWAYS];        /* its event loop goes on; it may not know that it is closed */
byte phase[GATEWAYS];
byte applied[GATEWAYS];
byte told[GATEWAYS];        /* events of which its nexus is told, those before its login included */
bit holds[GATEWAYS];

#define ADMITTED 1          /* a write that waits for its data */
#define SUBMITTED 2
byte write[GATEWAYS];
byte writeState[GATEWAYS];  /* the event under which it was checked */
bit wrote;                  /* one write for each state is enough */
byte writer;                /* and one gateway that writes, any: a write breaks I3 by itself */
bit late[GATEWAYS];         /* a write of the fenced volume instance that is on its way yet */
byte lateState[GATEWAYS];

#define IDLE 0
#define ASKED 1
#define MARKED 2
#define SENT 3
#define UNKNOWN 4           /* the answer of its compare-and-set was lost */
#define COMMITTED 5
byte command[GATEWAYS];

#define FLYING 1
#define DONE 2
#define REFUSED 3
byte cas[GATEWAYS];         /* its compare-and-set, then the answer on its way back */
byte base[GATEWAYS];        /* the event number that it was computed from */
bit landed[GATEWAYS];       /* the command has made an event */
byte askerTold[GATEWAYS];   /* the own event of which the asking nexus was told by mistake */

/* ---- What was promised ---- */

byte answered;              /* the highest event that was answered or reported */
byte observed;              /* the highest that was, when a command began that the block has seen */

byte begun, selfFenced, answersLost, abandoned, unloaded, held;

/* Harsh: the OSD of the block has stopped, notifications and their answers are lost, nobody suspects
 * one that lives, and nobody loses patience with an unsettled slot. Calm: nobody crashes, and no
 * command is abandoned. What ends then does not end by luck. */
bit harsh, calm;

/* ---- Predicates ---- */

#define SERVES(i) (alive[i] && phase[i] == SERVING)
#define IS_RUNNING_BESIDE(j, i) (j != i && member[j] == OPEN && alive[j])
#define IS_MARKED(j, x) mark[j]
#ifdef BARRIER_WAITS_FOR_CLOSED
#define NEEDS_NO_BARRIER(j) (member[j] == NONE || (member[j] != OPEN && !alive[j]))
#else
#define NEEDS_NO_BARRIER(j) (member[j] != OPEN)
#endif
#define HAS_PASSED(j, number) (NEEDS_NO_BARRIER(j) || map[j] >= (number) || holds[j])

#ifdef CLOSED_NOT_COUNTED
#define IS_GONE(j) (member[j] != OPEN)
#else
#define IS_GONE(j) (member[j] == NONE || member[j] == FINISHED)
#endif
#if defined(ACK_OF_CLOSED_COUNTS) || defined(BARRIER_WAITS_FOR_CLOSED)
#define COUNTS(j) true
#else
#define COUNTS(j) (member[j] == OPEN)
#endif
#define HAS_ENFORCED(j, e) (IS_GONE(j) || (COUNTS(j) && acked[j] >= (e)))

/* One read of the members object, O7. */
#define IS_ENFORCED(e) EVERY(HAS_ENFORCED, e)

#ifdef MEMBERS_BEFORE_COMMIT
byte known[GATEWAYS];
#define HAS_ENFORCED_OR_UNKNOWN(j, i) (!((known[i] >> j) & 1) || HAS_ENFORCED(j, base[i] + 1))
#define MAY_ANSWER(i) EVERY(HAS_ENFORCED_OR_UNKNOWN, i)
#elif defined(MEMBERS_READ_ONE_BY_ONE)
bit seen[9];
#define WAS_SEEN(j, i) seen[i * GATEWAYS + j]
#define MAY_ANSWER(i) EVERY(WAS_SEEN, i)
#elif defined(READ_ONCE_WITHOUT_FENCE)
byte known[GATEWAYS];
bit isFenceReliedOn[GATEWAYS];
#define IS_SETTLED_MEMBER(j, x) (member[j] != CLOSED && member[j] != LISTED)
#define HAS_ACKED_PLAINLY(j, i) (!((known[i] >> j) & 1) || (acked[j] > base[i] && !isFenceReliedOn[j]))
#define MAY_ANSWER(i) (IS_ENFORCED(base[i] + 1) || (known[i] != 0 && EVERY(HAS_ACKED_PLAINLY, i)))
#elif defined(ANSWERED_EARLY)
#define MAY_ANSWER(i) true
#else
#define MAY_ANSWER(i) IS_ENFORCED(base[i] + 1)
#endif
#ifdef SETTLED_EARLY
#define MAY_SETTLE true
#else
#define MAY_SETTLE IS_ENFORCED(committed)
#endif

#ifdef NO_DRAIN
#define IS_DRAINED(i) true
#elif defined(NO_SELF_FENCE_BARRIER)
#define IS_DRAINED(i) (write[i] != SUBMITTED || writeState[i] >= applied[i])
#else
#define IS_DRAINED(i) ((write[i] != SUBMITTED || writeState[i] >= applied[i]) && \
  EVERY(HAS_PASSED, selfFence[i]))
#endif

/* G1, G7: by notification, or by the heartbeat for marked units. */
#ifdef ACK_BY_ANSWER_ONLY
#define HEARS(i) (!harsh)
#else
#define HEARS(i) (!harsh || (member[i] == OPEN && SOME(IS_MARKED, 0)))
#endif

#ifdef RECORD_READ_WHILE_HOLDING
#define MAY_USE_RECORD(i) true
#else
#define MAY_USE_RECORD(i) (!holds[i])
#endif
#ifdef SUBMITS_WHILE_HOLDING
#define MAY_SUBMIT(i) (map[i] >= selfFence[i])
#else
#define MAY_SUBMIT(i) (!holds[i] && map[i] >= selfFence[i])
#endif

#ifdef RECORDS_NOT_FENCED
#define CAS_MAY_LAND(i) true
#else
#define CAS_MAY_LAND(i) (fence[i] == 0 || recordMap < fence[i])
#endif
#define MAY_LAND(number) ((number) == 0 || blockMap < (number))

#ifdef OWN_EVENT_NOT_COMPLETED
#define IS_OWN(i) (origin == i && command[i] == COMMITTED)
#else
#define IS_OWN(i) (origin == i)
#endif
#ifdef FINISHED_ORIGIN_NOT_COMPLETED
#define IS_LEFT_BEHIND false
#else
#define IS_LEFT_BEHIND (member[origin] != OPEN && mark[origin])
#endif
#define COMPLETES(i) (command[i] == ASKED || IS_OWN(i) || IS_LEFT_BEHIND || !harsh)

#if defined(JOINER_WAITS)
#define MAY_SERVE (committed == settled)
#define MAY_ACK(i) (phase[i] == SERVING)
#elif defined(ASKER_DRAINED)
#define MAY_SERVE true
#define MAY_ACK(i) (command[i] != COMMITTED)
#else
#define MAY_SERVE true
#define MAY_ACK(i) true
#endif
#ifdef LEAVES_TABLE_EARLY
#define MAY_LEAVE_TABLE(i) true
#else
#define MAY_LEAVE_TABLE(i) (write[i] == 0 && EVERY(HAS_PASSED, selfFence[i]))
#endif
#ifdef LEAVES_UNDRAINED
#define MAY_LEAVE(i) true
#else
#define MAY_LEAVE(i) (write[i] != SUBMITTED && EVERY(HAS_PASSED, selfFence[i]))
#endif
#ifdef APPLY_WAITS_FOR_OWN
#define MAY_APPLY(i) (command[i] == IDLE || origin == i)
#else
#define MAY_APPLY(i) true
#endif
#ifdef NO_FENCE_BARRIER
#define MAY_FINISH(i) true
#else
#define MAY_FINISH(i) EVERY(HAS_PASSED, fence[i])
#endif
#ifdef SLOT_OVERWRITTEN
#define IS_SLOT_FREE true
#else
#define IS_SLOT_FREE (committed == settled)
#endif
#ifdef MARK_TAKEN_OUTCOME_UNKNOWN
#define IS_OUTCOME_KNOWN(i) true
#else
#define IS_OUTCOME_KNOWN(i) (cas[i] == 0)
#endif
#ifdef MARK_TAKEN_BEFORE_FINISHED
#define MAY_TAKE_MARK(j) (mark[j] && member[j] >= CLOSED)
#else
#define MAY_TAKE_MARK(j) (mark[j] && member[j] == FINISHED)
#endif

/* ---- Steps ---- */

inline useRecord(i) { recordMap = MAX(recordMap, map[i]) }

inline dropCommand(i) {
#ifdef READ_ONCE_WITHOUT_FENCE
  known[i] = 0;
#endif
  command[i] = IDLE; askerTold[i] = 0;
  if :: cas[i] == 0 -> base[i] = 0; landed[i] = 0 :: else fi
}

inline dropWrite(i) { write[i] = 0; writeState[i] = 0 }

inline die(i) {
  alive[i] = 0; holds[i] = 0; map[i] = 0; applied[i] = 0; told[i] = 0;
  dropCommand(i);
  if :: write[i] == ADMITTED -> dropWrite(i) :: else fi
}

/* I3, I4: no forbidden write lands after a command that began after the answer. */
inline land(state) { assert(state >= observed) }

inline load(i) {
  useRecord(i); applied[i] = committed
}

inline apply(i) {
  useRecord(i);
  if
  :: committed - applied[i] > 1 -> assert(member[i] != OPEN); die(i)
  :: else ->
     applied[i] = committed; told[i]++;
     if :: i == writer -> wrote = 0 :: else fi;
     if
#ifdef ASKER_TOLD
     :: IS_OWN(i) && command[i] == SENT -> askerTold[i] = committed
#endif
#ifndef APPLY_TELLS_NOBODY
     /* G3 */
     :: origin == i && committed == base[i] + 1 && (command[i] == SENT || command[i] == UNKNOWN) ->
        command[i] = COMMITTED
#endif
     :: else
     fi
  fi
}

proctype gateway(byte i) {
end:
  do
  /* J: joining, loading, leaving the table */
#ifdef READ_BEFORE_OPEN
  :: atomic { alive[i] && phase[i] == OUT && member[i] == NONE -> load(i); phase[i] = LOADED }
  :: atomic { alive[i] && phase[i] == LOADED && member[i] == NONE ->
       member[i] = OPEN; map[i] = newestMap }
#else
  :: atomic { alive[i] && phase[i] == OUT ->
       member[i] = OPEN; map[i] = newestMap; phase[i] = ABSENT }
#endif
#ifdef ABSENT_WITHOUT_NUMBER
  :: atomic { alive[i] && phase[i] == ABSENT && acked[i] < 9 && HEARS(i) -> acked[i] = 9 }
#elif !defined(JOINER_WAITS)
  :: atomic { alive[i] && phase[i] == ABSENT && acked[i] < committed && HEARS(i) &&
       MAY_USE_RECORD(i) -> useRecord(i); acked[i] = committed }
#endif
  :: atomic { alive[i] && phase[i] == ABSENT -> phase[i] = LOADING }
#ifdef ACK_WHILE_LOADING
  :: atomic { alive[i] && phase[i] == LOADED && acked[i] < committed && HEARS(i) ->
       acked[i] = committed }
#endif
  :: atomic { alive[i] && phase[i] == LOADING && MAY_USE_RECORD(i) -> load(i); phase[i] = LOADED }
  :: atomic { alive[i] && phase[i] == LOADED && member[i] == OPEN && applied[i] < committed &&
       HEARS(i) && MAY_USE_RECORD(i) ->
#ifdef TOLD_WHILE_LOADING
       told[i] = 1;
#endif
       load(i) }
  :: atomic { alive[i] && phase[i] == LOADED && member[i] != NONE && MAY_SERVE ->
       phase[i] = SERVING; told[i] = told[i] + applied[i] }
  :: atomic { SERVES(i) && unloaded < UNLOADS && command[i] == IDLE && !mark[i] && cas[i] == 0 &&
       MAY_LEAVE_TABLE(i) ->
       unloaded++; phase[i] = ABSENT; applied[i] = 0; told[i] = 0 }

  /* Data path: a write is checked at admission and at submission, G4 */
  :: atomic { SERVES(i) && i == writer && write[i] == 0 && !wrote && applied[i] < EVENTS ->
       assert(applied[i] >= answered);
       write[i] = ADMITTED; writeState[i] = applied[i]; wrote = 1 }
  :: atomic { alive[i] && write[i] == ADMITTED && MAY_SUBMIT(i) ->
       if
#ifndef CHECKED_AT_ADMISSION_ONLY
       :: writeState[i] < applied[i] -> dropWrite(i)
#endif
       :: else -> write[i] = SUBMITTED
       fi }
  :: atomic { write[i] == SUBMITTED && !harsh && MAY_LAND(fence[i]) ->
       land(writeState[i]); dropWrite(i) }
  :: atomic { late[i] && MAY_LAND(selfFence[i]) -> land(lateState[i]); late[i] = 0; lateState[i] = 0 }
  :: atomic { late[i] && !MAY_LAND(selfFence[i]) -> late[i] = 0; lateState[i] = 0 }
  /* observe: a command that begins after an answer, and touches the block */
  :: atomic { SERVES(i) && observed < answered && MAY_SUBMIT(i) ->
       assert(applied[i] >= answered);
       assert(told[i] == applied[i]);
       observed = answered; blockMap = MAX(blockMap, map[i]) }

  /* G1 to G3 */
  :: atomic { SERVES(i) && applied[i] < committed && HEARS(i) && MAY_USE_RECORD(i) &&
       MAY_APPLY(i) -> apply(i) }
#ifdef TOLD_TWICE
  :: atomic { SERVES(i) && committed > settled && applied[i] == committed && !harsh &&
       told[i] == applied[i] && origin != i -> told[i]++ }
#endif
  /* G6 */
#ifndef NO_SELF_FENCE
  :: atomic { alive[i] && member[i] == OPEN && write[i] == SUBMITTED &&
       writeState[i] < applied[i] && (harsh || (!late[i] && selfFenced < SELF_FENCES)) ->
       newestMap++; selfFence[i] = newestMap;
       if :: harsh :: else -> selfFenced++; late[i] = 1; lateState[i] = writeState[i] fi;
       dropWrite(i) }
#endif
  /* G7 */
  :: atomic { alive[i] && acked[i] < applied[i] && HEARS(i) && IS_DRAINED(i) && MAY_ACK(i) ->
#ifdef READ_ONCE_WITHOUT_FENCE
       isFenceReliedOn[i] = (selfFence[i] != 0);
#endif
       acked[i] = applied[i] }

  /* F3, F5: barriers and holds */
  :: atomic { alive[i] && member[i] != NONE && map[i] < newestMap ->
       map[i] = newestMap; holds[i] = 0 }
  :: atomic { alive[i] && member[i] == OPEN && map[i] < newestMap && !holds[i] && held < HOLDS ->
       held++; holds[i] = 1 }

  /* F6: it leaves */
  :: atomic { SERVES(i) && member[i] == OPEN && i != SURVIVOR && !calm && command[i] == IDLE &&
       cas[i] == 0 && !mark[i] && MAY_LEAVE(i) ->
       member[i] = FINISHED; acked[i] = 0; die(i) }
  /* It crashes; it finds itself closed */
  :: atomic { alive[i] && member[i] == OPEN && i != SURVIVOR && !calm -> die(i) }
  :: atomic { alive[i] && member[i] >= CLOSED -> die(i) }

  /* F: any other open member fences it, for any reason */
  :: atomic { member[i] == OPEN && i != SURVIVOR && SOME(IS_RUNNING_BESIDE, i) &&
       (!alive[i] || !harsh) -> member[i] = CLOSED }
  :: atomic { member[i] == CLOSED && SOME(IS_RUNNING_BESIDE, i) ->
       member[i] = LISTED; newestMap++; fence[i] = newestMap }
  :: atomic { member[i] == LISTED && SOME(IS_RUNNING_BESIDE, i) && MAY_FINISH(i) ->
       member[i] = FINISHED;
#ifndef READ_ONCE_WITHOUT_FENCE
       acked[i] = 0;
#endif
#ifndef NO_TIME_AFTER_CLOSING
       if :: alive[i] -> die(i) :: else fi
#endif
       }
  od
}

/* The origin of events, and those who complete them. */
proctype control(byte i) {
end:
  do
  /* O1 */
  :: atomic { SERVES(i) && begun < EVENTS && command[i] == IDLE && cas[i] == 0 ->
       begun++; command[i] = ASKED; base[i] = 0; landed[i] = 0 }
  /* C1, O2, O9 */
  :: atomic { SERVES(i) && committed > settled && MAY_USE_RECORD(i) && COMPLETES(i) && MAY_SETTLE ->
       useRecord(i); settled = committed }
  /* O3 */
  :: atomic { SERVES(i) && command[i] == ASKED && IS_SLOT_FREE ->
#ifndef MARK_AFTER_COMMIT
       mark[i] = 1;
#endif
#ifdef MEMBERS_BEFORE_COMMIT
       known[i] = OPEN_MEMBERS;
#endif
       command[i] = MARKED }
  /* O4 */
  :: atomic { SERVES(i) && command[i] == MARKED && MAY_USE_RECORD(i) && applied[i] == committed ->
       useRecord(i);
       if
       :: !IS_SLOT_FREE -> command[i] = ASKED
       :: else -> command[i] = SENT; base[i] = committed; cas[i] = FLYING
       fi }
  :: atomic { cas[i] == FLYING && CAS_MAY_LAND(i) ->
       if
       :: committed == base[i] ->
          assert(!landed[i]);   /* a command makes one event */
          committed++; origin = i; landed[i] = 1; cas[i] = DONE
       :: else -> cas[i] = REFUSED
       fi }
  :: atomic { cas[i] == FLYING && !CAS_MAY_LAND(i) -> cas[i] = 0 }
  :: atomic { alive[i] && cas[i] >= DONE ->
#ifdef MARK_AFTER_COMMIT
       mark[i] = 1;
#endif
       if
       :: command[i] == SENT && cas[i] == DONE -> command[i] = COMMITTED
       :: command[i] == SENT && cas[i] == REFUSED -> command[i] = ASKED
       :: else
       fi;
       cas[i] = 0 }
  /* O5 */
  :: atomic { alive[i] && cas[i] >= DONE && answersLost < LOST_ANSWERS ->
       answersLost++; cas[i] = 0;
       if :: command[i] == SENT -> command[i] = UNKNOWN :: else fi }
  :: atomic { alive[i] && command[i] == UNKNOWN && MAY_USE_RECORD(i) ->
       useRecord(i);
       if
#ifndef SERIAL_NOT_LOOKED_FOR
       :: origin == i && committed == base[i] + 1 -> command[i] = COMMITTED
#endif
       :: else -> command[i] = ASKED
       fi }
  :: atomic { !alive[i] && cas[i] >= DONE -> cas[i] = 0; base[i] = 0; landed[i] = 0 }
  /* O7, O8: answer */
  :: atomic { SERVES(i) && command[i] == COMMITTED && MAY_ANSWER(i) ->
       answered = MAX(answered, base[i] + 1);
       assert(askerTold[i] != base[i] + 1);
       dropCommand(i) }
#ifdef MEMBERS_READ_ONE_BY_ONE
#define SEE(j) \
  :: atomic { SERVES(i) && command[i] == COMMITTED && !WAS_SEEN(j, i) && \
       HAS_ENFORCED(j, base[i] + 1) -> WAS_SEEN(j, i) = 1 }
  SEE(0)
  SEE(1)
#endif
#ifdef READ_ONCE_WITHOUT_FENCE
  :: atomic { SERVES(i) && command[i] == COMMITTED && known[i] == 0 && EVERY(IS_SETTLED_MEMBER, 0) ->
       known[i] = OPEN_MEMBERS }
#endif
  /* The command is aborted, or its session ends: by a bound, a reset, a connection */
  :: atomic { alive[i] && command[i] != IDLE && abandoned < ABANDONED && !calm ->
       abandoned++; dropCommand(i) }
  /* O10 */
  :: atomic { SERVES(i) && mark[i] && command[i] == IDLE && IS_OUTCOME_KNOWN(i) &&
       committed == settled && MAY_USE_RECORD(i) -> mark[i] = 0 }
#ifdef MARK_TAKEN_BY_SETTLER
  :: atomic { SERVES(i) && committed == settled && mark[1 - i] -> mark[1 - i] = 0 }
#endif
  /* C2 */
#define TAKE_MARK_OF(j) \
  :: atomic { SERVES(i) && member[i] == OPEN && MAY_USE_RECORD(i) && committed == settled && \
       MAY_TAKE_MARK(j) -> useRecord(i); mark[j] = 0 }
  TAKE_MARK_OF(0)
  TAKE_MARK_OF(1)
#if GATEWAYS == 3
  TAKE_MARK_OF(2)
#endif
  /* C3: a report of the state */
  :: atomic { SERVES(i) && answered < settled -> answered = settled }
#ifdef REPORTED_EARLY
  :: atomic { SERVES(i) && answered < committed -> answered = committed }
#endif
  od
}

#define IS_AT_REST(i, x) (!mark[i] && (member[i] == FINISHED || (member[i] == OPEN && SERVES(i) && \
  command[i] == IDLE && applied[i] == committed && told[i] == committed)))

/* Everything ends: what was begun, what was committed, every fence, every mark. */
proctype judge() {
  timeout ->
  assert(committed == settled);
  assert(EVERY(IS_AT_REST, 0))
}

init {
  byte i;
  atomic {
    if :: harsh = 0 :: harsh = 1 :: harsh = 1; calm = 1 fi;
    if :: writer = 0 :: writer = 1 :: GATEWAYS == 3 -> writer = 2 fi;
    do
    :: i < GATEWAYS ->
       alive[i] = 1;
       if
       :: (JOINERS >> i) & 1
       :: else -> member[i] = OPEN; phase[i] = SERVING
       fi;
       run gateway(i); run control(i); i++
    :: else -> break
    od;
    run judge()
  }
}
