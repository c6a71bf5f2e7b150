/* The event of a logical unit: docs/internals/unit-event.md, whose step numbers stand here.
 *
 * One logical unit. Event e forbids every write that was admitted under a state older than e, and
 * establishes a unit attention at each nexus. A gateway is one incarnation, with one nexus. Each
 * transition is one operation on something shared, or one turn of an event loop; a gateway pauses
 * by taking none. Time is left out: what a bound permits may happen at any moment.
 *
 * Every run ends, because what could repeat is bounded. So "an event ends" is asserted of the last
 * state of each run, by `agreement`. The other assertions are I3 and I4 (`land`, data path) and I5
 * (`observe`, O8). planted-errors.pml plants errors by redefining predicates.
 */

/* What a configuration sets. configurations.ts has those that are run. */
#ifndef GATEWAYS
#define GATEWAYS 2
#endif
#ifndef EVENTS       /* commands that ask for an event, at any gateway */
#define EVENTS 1
#endif
#ifndef JOINERS      /* a bit for each gateway that has not joined yet */
#define JOINERS 0
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
#ifndef UNLOADS      /* times that the unit leaves a gateway's table */
#define UNLOADS 0
#endif
#ifndef HOLDS        /* times that a gateway holds because it cannot pass a barrier */
#define HOLDS 0
#endif
#define SURVIVOR 1   /* neither crashes nor is closed: somebody has to be left */

#if GATEWAYS == 3
#define EVERY(is, x) (is(0, x) && is(1, x) && is(2, x))
#define SOME(is, x) (is(0, x) || is(1, x) || is(2, x))
#else
#define EVERY(is, x) (is(0, x) && is(1, x))
#define SOME(is, x) (is(0, x) || is(1, x))
#endif
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* ---- The members object ---- */

#define NONE 0
#define OPEN 1
#define CLOSED 2
#define LISTED 3            /* on the blocklist, and the epoch is raised */
#define FINISHED 4
byte member[GATEWAYS];
bit mark[GATEWAYS];
byte acked[GATEWAYS];       /* the event that it has acknowledged, by an answer or a heartbeat */

/* ---- The record ---- */

byte committed, settled;    /* the last event, and the highest that is settled */
byte origin;                /* in the slot: of the last event */


/* ---- Maps. A map is the number of blocklistings in it. An object knows the newest map of the
 * clients that have touched it, and bars what is fenced once it knows the map of the fence. ---- */

byte newestMap;
byte map[GATEWAYS];         /* of a gateway's clients */
byte recordMap, blockMap;   /* of the record, and of the one block that is written */
byte fence[GATEWAYS];       /* the map that bars this incarnation; 0 if none does */
byte selfFence[GATEWAYS];   /* the map that bars its former volume instance; 0 if none does */

/* ---- Each gateway ---- */

bit alive[GATEWAYS];        /* its event loop goes on; it may not know that it is closed */
bit holds[GATEWAYS];

#define OUT 0
#define ABSENT 1            /* a member; the unit is not in its table */
#define LOADING 2           /* in the table; the record is not read */
#define LOADED 3
#define SERVING 4
byte phase[GATEWAYS];
byte applied[GATEWAYS];
byte told[GATEWAYS];        /* events that its nexus knows: by attentions, or by its login */

#define ADMITTED 1          /* waits for its data */
#define SUBMITTED 2
byte write[GATEWAYS];
byte writeState[GATEWAYS];  /* the event under whose state it was admitted */
bit late[GATEWAYS];         /* a write of the former volume instance is on its way */
byte lateState[GATEWAYS];
byte writer;                /* one gateway writes, any of them: a write breaks I3 by itself */
bit wrote;                  /* one write for each state is enough */

#define IDLE 0
#define ASKED 1
#define MARKED 2
#define SENT 3
#define UNKNOWN 4           /* the answer of its compare-and-set is lost */
#define COMMITTED 5
byte command[GATEWAYS];     /* the command that asks for an event */
bit askerTold[GATEWAYS];    /* the asking nexus was told of what it did itself */

#define FLYING 1
#define DONE 2
#define REFUSED 3
byte cas[GATEWAYS];         /* a compare-and-set, then the answer on its way back */
byte base[GATEWAYS];        /* the event of the record that it was computed from */
bit landed[GATEWAYS];       /* the command has made an event */

/* ---- What was promised ---- */

byte answered;              /* the highest event that was answered, or reported */
byte observed;              /* the highest answered when a command began that has seen the block */

/* ---- What a run may do ---- */

byte begun, selfFenced, answersLost, abandoned, unloaded, held;

/* Harsh: the OSD of the block has stopped, notifications and their answers are lost, nobody
 * suspects one that lives, and nobody loses patience with an unsettled slot. Calm: nobody crashes
 * or leaves, and no command is abandoned. What ends then does not end by luck. */
bit harsh, calm;

/* ---- Predicates: the clauses of the protocol ---- */

#define SERVES(i) (alive[i] && phase[i] == SERVING)

/* O2 */
#define IS_SLOT_FREE (committed == settled)
/* O3 */
#define SET_MARK(i) mark[i] = 1
/* O5, G3: the slot has the event of its command */
#define HAS_MADE_EVENT(i) (origin == i && committed == base[i] + 1)
#define LOOKS_FOR_SERIAL true
/* O7: one read of the members object */
#define IS_GONE(j) (member[j] == NONE || member[j] == FINISHED)
#define COUNTS(j) (member[j] == OPEN)
#define HAS_ENFORCED(j, e) (IS_GONE(j) || (COUNTS(j) && acked[j] >= (e)))
#define IS_ENFORCED(e) EVERY(HAS_ENFORCED, e)
/* O8, O9 */
#define MAY_ANSWER(i) IS_ENFORCED(base[i] + 1)
#define MAY_SETTLE IS_ENFORCED(committed)
/* O10 */
#define IS_OUTCOME_KNOWN(i) (cas[i] == 0)

/* G1, G7: by notifications, or by the heartbeat if the unit is marked */
#define IS_MARKED(j, x) mark[j]
#define HEARS_BY_HEARTBEAT(i) (member[i] == OPEN && SOME(IS_MARKED, 0))
#define HEARS(i) (!harsh || HEARS_BY_HEARTBEAT(i))
/* G3 */
#define TELLS_COMMAND(i) (HAS_MADE_EVENT(i) && (command[i] == SENT || command[i] == UNKNOWN))
#define MAY_APPLY(i) true
/* G4 */
#define IS_CHECKED_AGAIN(i) (writeState[i] == applied[i])
/* G5, G6 */
#define HAS_NOTHING_SUBMITTED(i) (write[i] != SUBMITTED || writeState[i] >= applied[i])
#define IS_SELF_FENCE_OVER(i) EVERY(HAS_PASSED, selfFence[i])
#define IS_DRAINED(i) (HAS_NOTHING_SUBMITTED(i) && IS_SELF_FENCE_OVER(i))
#define MAY_FENCE_ITSELF(i) (harsh || (!late[i] && selfFenced < SELF_FENCES))
/* G7 */
#define MAY_ACKNOWLEDGE(i) true

/* J3, J4, J5, J7 */
#define ANSWERS_FOR_ABSENT true
#define MAY_SERVE true
#define MAY_LEAVE_TABLE(i) (write[i] == 0 && IS_SELF_FENCE_OVER(i))

/* F2 */
#define CAS_MAY_LAND(i) (fence[i] == 0 || recordMap < fence[i])
#define MAY_LAND(bar) ((bar) == 0 || blockMap < (bar))
/* F3 */
#define NEEDS_NO_BARRIER(j) (member[j] != OPEN)
#define HAS_PASSED(j, epoch) (NEEDS_NO_BARRIER(j) || map[j] >= (epoch) || holds[j])
#define MAY_FINISH(i) EVERY(HAS_PASSED, fence[i])
#define RUNS_BESIDE(j, i) (j != i && member[j] == OPEN && alive[j])
/* F4 */
#define IS_STOPPED_BY_TIME true
/* F5 */
#define MAY_USE_RECORD(i) (!holds[i])
#define MAY_SUBMIT(i) (!holds[i] && map[i] >= selfFence[i])
/* F6 */
#define MAY_LEAVE(i) (write[i] != SUBMITTED && IS_SELF_FENCE_OVER(i))

/* C1, C2 */
#define IS_OWN(i) (origin == i)
#define IS_LEFT_BEHIND (member[origin] != OPEN && mark[origin])
#define COMPLETES(i) (command[i] == ASKED || IS_OWN(i) || IS_LEFT_BEHIND || !harsh)
/* C3 */
#define MAY_TAKE_MARK(i, j) (mark[j] && member[j] == FINISHED && member[i] == OPEN)
/* C4 */
#define REPORTABLE settled

#define MORE_STEPS(i)
#include "planted-errors.pml"

/* ---- Parts of steps ---- */

inline useRecord(i) { recordMap = MAX(recordMap, map[i]) }

inline load(i) { useRecord(i); applied[i] = committed }

inline dropWrite(i) { write[i] = 0; writeState[i] = 0 }

/* I3, I4: no forbidden write lands once the block was seen by a command begun after the answer. */
inline land(state) { assert(state >= observed) }

inline dropCommand(i) {
  command[i] = IDLE; askerTold[i] = 0;
  if :: cas[i] == 0 -> base[i] = 0; landed[i] = 0 :: else fi
}

inline stop(i) {
  alive[i] = 0; holds[i] = 0; map[i] = 0; applied[i] = 0; told[i] = 0;
  dropCommand(i);
  if :: write[i] == ADMITTED -> dropWrite(i) :: else fi
}

/* G2, G3 */
inline apply(i) {
  applied[i] = committed; told[i]++;
  if :: i == writer -> wrote = 0 :: else fi;
  if
  :: TELLS_COMMAND(i) -> command[i] = COMMITTED
  :: else -> if :: HAS_MADE_EVENT(i) && command[i] == SENT -> askerTold[i] = 1 :: else fi
  fi
}

/* ---- What a gateway does, and what is done to it ---- */

proctype gateway(byte i) {
end:
  do
  /* J2: it opens, with the newest map */
  :: atomic { alive[i] && phase[i] == OUT ->
       member[i] = OPEN; map[i] = newestMap; phase[i] = ABSENT }
  /* J3 */
  :: atomic { alive[i] && phase[i] == ABSENT && acked[i] < committed && HEARS(i) &&
       MAY_USE_RECORD(i) && ANSWERS_FOR_ABSENT -> useRecord(i); acked[i] = committed }
  /* J4: it enters the table, reads the record, and reads it again when it hears of an event */
  :: atomic { alive[i] && phase[i] == ABSENT -> phase[i] = LOADING }
  :: atomic { alive[i] && phase[i] == LOADING && MAY_USE_RECORD(i) -> load(i); phase[i] = LOADED }
  :: atomic { alive[i] && phase[i] == LOADED && applied[i] < committed && HEARS(i) &&
       MAY_USE_RECORD(i) -> load(i) }
  /* J5, J6: nexuses log in from here on */
  :: atomic { alive[i] && phase[i] == LOADED && MAY_SERVE ->
       phase[i] = SERVING; told[i] = told[i] + applied[i] }
  /* J7 */
  :: atomic { SERVES(i) && unloaded < UNLOADS && command[i] == IDLE && cas[i] == 0 && !mark[i] &&
       MAY_LEAVE_TABLE(i) ->
       unloaded++; phase[i] = ABSENT; applied[i] = 0; told[i] = 0 }

  /* The data path. G4: a write is checked at admission, and again at submission */
  :: atomic { SERVES(i) && i == writer && write[i] == 0 && !wrote && applied[i] < EVENTS ->
       assert(applied[i] >= answered);
       write[i] = ADMITTED; writeState[i] = applied[i]; wrote = 1 }
  :: atomic { alive[i] && write[i] == ADMITTED && MAY_SUBMIT(i) ->
       if
       :: IS_CHECKED_AGAIN(i) -> write[i] = SUBMITTED
       :: else -> dropWrite(i)
       fi }
  :: atomic { write[i] == SUBMITTED && !harsh && MAY_LAND(fence[i]) ->
       land(writeState[i]); dropWrite(i) }
  :: atomic { late[i] ->
       if :: MAY_LAND(selfFence[i]) -> land(lateState[i]) :: else fi;
       late[i] = 0; lateState[i] = 0 }
  /* observe: a command that began after an answer touches the block. I5: its nexus was told once */
  :: atomic { SERVES(i) && observed < answered && MAY_SUBMIT(i) ->
       assert(applied[i] >= answered);
       assert(told[i] == applied[i]);
       observed = answered; blockMap = MAX(blockMap, map[i]) }

  /* G1, G2 */
  :: atomic { SERVES(i) && applied[i] < committed && HEARS(i) && MAY_USE_RECORD(i) &&
       MAY_APPLY(i) ->
       assert(committed == applied[i] + 1);
       useRecord(i); apply(i) }
  /* G6 */
  :: atomic { alive[i] && member[i] == OPEN && !HAS_NOTHING_SUBMITTED(i) && MAY_FENCE_ITSELF(i) ->
       newestMap++; selfFence[i] = newestMap;
       if :: harsh :: else -> selfFenced++; late[i] = 1; lateState[i] = writeState[i] fi;
       dropWrite(i) }
  /* G7 */
  :: atomic { alive[i] && acked[i] < applied[i] && HEARS(i) && IS_DRAINED(i) &&
       MAY_ACKNOWLEDGE(i) -> acked[i] = applied[i] }

  /* F3, F5: it passes the newest epoch, or holds */
  :: atomic { alive[i] && member[i] != NONE && map[i] < newestMap ->
       map[i] = newestMap; holds[i] = 0 }
  :: atomic { alive[i] && member[i] == OPEN && map[i] < newestMap && !holds[i] && held < HOLDS ->
       held++; holds[i] = 1 }

  /* F1 to F4: any other open member fences it, for any reason */
  :: atomic { member[i] == OPEN && i != SURVIVOR && SOME(RUNS_BESIDE, i) && (!harsh || !alive[i]) ->
       member[i] = CLOSED }
  :: atomic { member[i] == CLOSED && SOME(RUNS_BESIDE, i) ->
       member[i] = LISTED; newestMap++; fence[i] = newestMap }
  :: atomic { member[i] == LISTED && SOME(RUNS_BESIDE, i) && MAY_FINISH(i) ->
       member[i] = FINISHED;
       if :: alive[i] && IS_STOPPED_BY_TIME -> stop(i) :: else fi }
  /* It finds itself closed; it crashes; F6: it leaves */
  :: atomic { alive[i] && member[i] >= CLOSED -> stop(i) }
  :: atomic { alive[i] && member[i] == OPEN && i != SURVIVOR && !calm -> stop(i) }
  :: atomic { SERVES(i) && member[i] == OPEN && i != SURVIVOR && !calm && command[i] == IDLE &&
       cas[i] == 0 && !mark[i] && MAY_LEAVE(i) -> member[i] = FINISHED; stop(i) }
  MORE_STEPS(i)
  od
}

/* ---- The origin of an event, and whoever completes it ---- */

proctype control(byte i) {
end:
  do
  /* O1: one command of a gateway at a time, and one compare-and-set */
  :: atomic { SERVES(i) && begun < EVENTS && command[i] == IDLE && cas[i] == 0 ->
       begun++; command[i] = ASKED; base[i] = 0; landed[i] = 0 }
  /* O2, O9, C1, C2: what is in the slot is completed, and settled */
  :: atomic { SERVES(i) && committed > settled && COMPLETES(i) && MAY_USE_RECORD(i) &&
       MAY_SETTLE -> useRecord(i); settled = committed }
  /* O3 */
  :: atomic { SERVES(i) && command[i] == ASKED && IS_SLOT_FREE -> SET_MARK(i); command[i] = MARKED }
  /* O4: it reads the record, computes the next one, and sends it */
  :: atomic { SERVES(i) && command[i] == MARKED && applied[i] == committed && MAY_USE_RECORD(i) ->
       useRecord(i);
       if
       :: IS_SLOT_FREE -> command[i] = SENT; base[i] = committed; cas[i] = FLYING
       :: else -> command[i] = ASKED
       fi }
  :: atomic { cas[i] == FLYING ->
       if
       :: CAS_MAY_LAND(i) && committed == base[i] ->
          assert(!landed[i]);   /* I5: a command makes one event */
          committed++; origin = i; landed[i] = 1; cas[i] = DONE
       :: CAS_MAY_LAND(i) && committed != base[i] -> cas[i] = REFUSED
       :: !CAS_MAY_LAND(i) -> cas[i] = 0
       fi }
  :: atomic { cas[i] >= DONE && alive[i] ->
       if
       :: command[i] == SENT && cas[i] == DONE -> command[i] = COMMITTED
       :: command[i] == SENT && cas[i] == REFUSED -> command[i] = ASKED
       :: else
       fi;
       cas[i] = 0 }
  :: atomic { cas[i] >= DONE && !alive[i] -> cas[i] = 0; base[i] = 0; landed[i] = 0 }
  /* O5: the answer is lost; it looks for its event in the record */
  :: atomic { cas[i] >= DONE && alive[i] && answersLost < LOST_ANSWERS ->
       answersLost++; cas[i] = 0;
       if :: command[i] == SENT -> command[i] = UNKNOWN :: else fi }
  :: atomic { alive[i] && command[i] == UNKNOWN && MAY_USE_RECORD(i) ->
       useRecord(i);
       if
       :: HAS_MADE_EVENT(i) && LOOKS_FOR_SERIAL -> command[i] = COMMITTED
       :: else -> command[i] = ASKED
       fi }
  /* O7, O8 */
  :: atomic { SERVES(i) && command[i] == COMMITTED && MAY_ANSWER(i) ->
       assert(!askerTold[i]);
       answered = MAX(answered, base[i] + 1); dropCommand(i) }
  /* The command is aborted, or its session ends */
  :: atomic { alive[i] && command[i] != IDLE && abandoned < ABANDONED && !calm ->
       abandoned++; dropCommand(i) }
  /* O10 */
  :: atomic { SERVES(i) && mark[i] && command[i] == IDLE && IS_OUTCOME_KNOWN(i) &&
       committed == settled && MAY_USE_RECORD(i) -> mark[i] = 0 }
  /* C3 */
#define TAKE_MARK_OF(j) \
  :: atomic { SERVES(i) && MAY_TAKE_MARK(i, j) && committed == settled && MAY_USE_RECORD(i) -> \
       useRecord(i); mark[j] = 0 }
  TAKE_MARK_OF(0)
  TAKE_MARK_OF(1)
#if GATEWAYS == 3
  TAKE_MARK_OF(2)
#endif
  /* C4 */
  :: atomic { SERVES(i) && answered < REPORTABLE -> answered = REPORTABLE }
  od
}

/* Everything ends: what was begun, what was committed, every fence, every mark. */
#define ENDS_WELL(i) \
  (SERVES(i) && command[i] == IDLE && applied[i] == committed && told[i] == committed)
#define IS_AT_REST(i, x) \
  (!mark[i] && (member[i] == FINISHED || (member[i] == OPEN && ENDS_WELL(i))))

proctype agreement() {
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
    run agreement()
  }
}
