/* Errors of the protocol, each of which the checker must find: a macro redefines a predicate of
 * unit-event.pml, or adds steps. planted-errors.ts says what each is. Variants that hold are last.
 */

#ifdef SLOT_OVERWRITTEN
#undef IS_SLOT_FREE
#define IS_SLOT_FREE true
#endif

#ifdef MARK_AFTER_COMMIT
#undef SET_MARK
#define SET_MARK(i) skip
#undef MORE_STEPS
#define MORE_STEPS(i) \
  :: atomic { alive[i] && command[i] == COMMITTED && !mark[i] -> mark[i] = 1 }
#endif

#ifdef SERIAL_NOT_LOOKED_FOR
#undef LOOKS_FOR_SERIAL
#define LOOKS_FOR_SERIAL false
#endif

#ifdef MEMBERS_BEFORE_COMMIT
#define OPEN_BIT(j) ((member[j] == OPEN) << j)
byte known[GATEWAYS];
#undef SET_MARK
#define SET_MARK(i) mark[i] = 1; known[i] = OPEN_BIT(0) | OPEN_BIT(1)
#define IS_UNKNOWN_OR_ENFORCES(j, i) (!((known[i] >> j) & 1) || HAS_ENFORCED(j, base[i] + 1))
#undef MAY_ANSWER
#define MAY_ANSWER(i) EVERY(IS_UNKNOWN_OR_ENFORCES, i)
#endif

#ifdef CLOSED_NOT_COUNTED
#undef IS_GONE
#define IS_GONE(j) (member[j] != OPEN)
#endif

#ifdef ACK_OF_CLOSED_COUNTS
#undef COUNTS
#define COUNTS(j) true
#endif

#ifdef MEMBERS_READ_ONE_BY_ONE
bit seen[GATEWAYS * GATEWAYS];
#define WAS_SEEN(j, i) seen[i * GATEWAYS + j]
#define SEE(i, j) \
  :: atomic { SERVES(i) && command[i] == COMMITTED && !WAS_SEEN(j, i) && \
       HAS_ENFORCED(j, base[i] + 1) -> WAS_SEEN(j, i) = 1 }
#undef MORE_STEPS
#define MORE_STEPS(i) SEE(i, 0) SEE(i, 1)
#undef MAY_ANSWER
#define MAY_ANSWER(i) EVERY(WAS_SEEN, i)
#endif

#ifdef ANSWERED_EARLY
#undef MAY_ANSWER
#define MAY_ANSWER(i) true
#endif

#ifdef SETTLED_EARLY
#undef MAY_SETTLE
#define MAY_SETTLE true
#endif

#ifdef MARK_TAKEN_OUTCOME_UNKNOWN
#undef IS_OUTCOME_KNOWN
#define IS_OUTCOME_KNOWN(i) true
#endif

#ifdef MARK_TAKEN_BY_SETTLER
#undef MAY_TAKE_MARK
#define MAY_TAKE_MARK(i, j) mark[j]
#endif

#ifdef ACK_BY_ANSWER_ONLY
#undef HEARS_BY_HEARTBEAT
#define HEARS_BY_HEARTBEAT(i) false
#endif

#ifdef TOLD_TWICE
#undef MORE_STEPS
#define MORE_STEPS(i) \
  :: atomic { SERVES(i) && committed > settled && applied[i] == committed && origin != i && \
       told[i] == applied[i] -> told[i]++ }
#endif

#ifdef APPLY_TELLS_NOBODY
#undef TELLS_COMMAND
#define TELLS_COMMAND(i) (HAS_MADE_EVENT(i) && command[i] == SENT)
#endif

#ifdef ASKER_TOLD
#undef TELLS_COMMAND
#define TELLS_COMMAND(i) (HAS_MADE_EVENT(i) && command[i] == UNKNOWN)
#endif

#ifdef APPLY_WAITS_FOR_OWN
#undef MAY_APPLY
#define MAY_APPLY(i) (command[i] == IDLE || origin == i)
#endif

#ifdef CHECKED_AT_ADMISSION_ONLY
#undef IS_CHECKED_AGAIN
#define IS_CHECKED_AGAIN(i) true
#endif

#ifdef NO_DRAIN
#undef IS_DRAINED
#define IS_DRAINED(i) true
#endif

#ifdef ASKER_DRAINED
#undef MAY_ACKNOWLEDGE
#define MAY_ACKNOWLEDGE(i) (command[i] != COMMITTED)
#endif

#ifdef NO_SELF_FENCE
#undef MAY_FENCE_ITSELF
#define MAY_FENCE_ITSELF(i) false
#endif

#ifdef NO_SELF_FENCE_BARRIER
#undef IS_DRAINED
#define IS_DRAINED(i) HAS_NOTHING_SUBMITTED(i)
#endif

#ifdef READ_BEFORE_OPEN
#undef MORE_STEPS
#define MORE_STEPS(i) \
  :: atomic { alive[i] && phase[i] == OUT && !read[i] -> load(i); read[i] = 1 } \
  :: atomic { alive[i] && phase[i] == ABSENT && read[i] -> phase[i] = LOADED; read[i] = 0 }
bit read[GATEWAYS];
#endif

#ifdef ABSENT_WITHOUT_NUMBER
#undef MORE_STEPS
#define MORE_STEPS(i) :: atomic { alive[i] && phase[i] == ABSENT && acked[i] < 9 -> acked[i] = 9 }
#endif

#ifdef ACK_WHILE_LOADING
#undef MORE_STEPS
#define MORE_STEPS(i) \
  :: atomic { alive[i] && phase[i] == LOADED && acked[i] < committed -> acked[i] = committed }
#endif

#ifdef JOINER_WAITS
#undef ANSWERS_FOR_ABSENT
#define ANSWERS_FOR_ABSENT false
#undef MAY_SERVE
#define MAY_SERVE (committed == settled)
#undef MAY_ACKNOWLEDGE
#define MAY_ACKNOWLEDGE(i) (phase[i] == SERVING)
#endif

#ifdef TOLD_WHILE_LOADING
#undef MORE_STEPS
#define MORE_STEPS(i) \
  :: atomic { alive[i] && phase[i] == LOADED && applied[i] < committed && told[i] == 0 -> \
       load(i); told[i] = 1 }
#endif

#ifdef LEAVES_TABLE_EARLY
#undef MAY_LEAVE_TABLE
#define MAY_LEAVE_TABLE(i) true
#endif

#ifdef RECORDS_NOT_FENCED
#undef CAS_MAY_LAND
#define CAS_MAY_LAND(i) true
#endif

#ifdef NO_FENCE_BARRIER
#undef MAY_FINISH
#define MAY_FINISH(i) true
#endif

#ifdef NO_TIME_AFTER_CLOSING
#undef IS_STOPPED_BY_TIME
#define IS_STOPPED_BY_TIME false
#endif

#ifdef RECORD_READ_WHILE_HOLDING
#undef MAY_USE_RECORD
#define MAY_USE_RECORD(i) true
#endif

#ifdef SUBMITS_WHILE_HOLDING
#undef MAY_SUBMIT
#define MAY_SUBMIT(i) (map[i] >= selfFence[i])
#endif

#ifdef LEAVES_UNDRAINED
#undef MAY_LEAVE
#define MAY_LEAVE(i) true
#endif

#ifdef OWN_EVENT_NOT_COMPLETED
#undef IS_OWN
#define IS_OWN(i) (origin == i && command[i] == COMMITTED)
#endif

#ifdef FINISHED_ORIGIN_NOT_COMPLETED
#undef IS_LEFT_BEHIND
#define IS_LEFT_BEHIND false
#endif

#ifdef MARK_TAKEN_BEFORE_FINISHED
#undef MAY_TAKE_MARK
#define MAY_TAKE_MARK(i, j) (mark[j] && member[j] >= CLOSED && member[i] == OPEN)
#endif

#ifdef REPORTED_EARLY
#undef REPORTABLE
#define REPORTABLE committed
#endif

/* ---- Variants that hold ---- */

#ifdef READ_ONCE_WITHOUT_FENCE
byte firstRead[GATEWAYS];   /* the event after whose commit nobody was closed and not finished */
bit wasOpen[GATEWAYS * GATEWAYS];
#define WAS_OPEN(j, i) wasOpen[i * GATEWAYS + j]
#define IS_OPEN_OR_GONE(j, x) (member[j] == OPEN || IS_GONE(j))
#define HAS_ACKED_UNFENCED(j, i) (!WAS_OPEN(j, i) || (acked[j] > base[i] && selfFence[j] == 0))
#undef MAY_ANSWER
#define MAY_ANSWER(i) (IS_ENFORCED(base[i] + 1) || \
  (firstRead[i] == base[i] + 1 && EVERY(HAS_ACKED_UNFENCED, i)))
#if GATEWAYS == 3
#define NOTE_THIRD(i) ; WAS_OPEN(2, i) = (member[2] == OPEN)
#else
#define NOTE_THIRD(i)
#endif
#undef MORE_STEPS
#define MORE_STEPS(i) \
  :: atomic { SERVES(i) && command[i] == COMMITTED && firstRead[i] != base[i] + 1 && \
       EVERY(IS_OPEN_OR_GONE, 0) -> \
       firstRead[i] = base[i] + 1; \
       WAS_OPEN(0, i) = (member[0] == OPEN); WAS_OPEN(1, i) = (member[1] == OPEN) NOTE_THIRD(i) }
#endif

#ifdef BARRIER_WAITS_FOR_CLOSED
#undef NEEDS_NO_BARRIER
#define NEEDS_NO_BARRIER(j) (member[j] == NONE || (member[j] != OPEN && !alive[j]))
#undef COUNTS
#define COUNTS(j) true
#endif
