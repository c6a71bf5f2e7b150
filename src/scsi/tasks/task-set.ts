import { assert } from '../../base/assert.ts';
import type { Task } from '../task.ts';
import { TaskState } from './task-life.ts';

/** A command in a task set. The set links the commands themselves, which makes no garbage. */
export interface TaskSetMember<T extends TaskSetMember<T>> {
  readonly task: Task;
  readonly state: TaskState;
  readonly isAborted: boolean;
  set: TaskSet<T> | undefined;
  next: T | undefined;
  previous: T | undefined;
}

/**
 * The task set of one I_T nexus at one logical unit (TST 001b), in order of arrival. It decides
 * when a command may start (SAM-5, task attributes):
 *
 * - HEAD OF QUEUE: at once;
 * - ORDERED: when every older command and every HEAD OF QUEUE command has ended;
 * - SIMPLE: when every older ORDERED command and every HEAD OF QUEUE command has ended.
 */
export class TaskSet<T extends TaskSetMember<T>> {
  first: T | undefined = undefined;
  /** While true nothing dormant starts: many commands are being taken out. */
  held = false;
  /** Called when its last command leaves it. */
  onEmpty: (() => void) | undefined = undefined;
  #last: T | undefined = undefined;
  #length = 0;
  #ordered = 0;
  #headOfQueue = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a command as the youngest; true when it may start now. */
  add(execution: T): boolean {
    execution.set = this;
    execution.previous = this.#last;
    if (this.#last === undefined) this.first = execution;
    else this.#last.next = execution;
    this.#last = execution;
    this.#length++;
    switch (execution.task.attribute) {
      case 'headOfQueue':
        this.#headOfQueue++;
        return true;
      case 'ordered':
        this.#ordered++;
        return this.#length === 1;
      case 'participant':
        return true;
      default:
        return this.#headOfQueue === 0 && this.#ordered === 0;
    }
  }

  /** Removes a command; true when that may allow others to start. */
  remove(execution: T): boolean {
    assert(execution.set === this, 'a command leaves the task set that it is in');
    const { previous, next } = execution;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    execution.previous = undefined;
    execution.next = undefined;
    execution.set = undefined;
    const mayStartOthers = this.#ordered > 0 || this.#headOfQueue > 0;
    this.#length--;
    const { attribute } = execution.task;
    if (attribute === 'headOfQueue') this.#headOfQueue--;
    else if (attribute === 'ordered') this.#ordered--;
    if (this.#length === 0) this.#emptied();
    return mayStartOthers;
  }

  #emptied(): void {
    assert(this.#ordered === 0 && this.#headOfQueue === 0, 'an empty task set counts nothing');
    this.onEmpty?.();
  }

  /** The oldest dormant command that may start now. */
  nextToStart(): T | undefined {
    if (this.held || this.#headOfQueue > 0) return undefined;
    for (let at = this.first; at !== undefined; at = at.next) {
      const isOrdered = at.task.attribute === 'ordered';
      if (at.state === TaskState.dormant && (!isOrdered || at === this.first)) return at;
      if (isOrdered) return undefined;
    }
    return undefined;
  }

  /** The command with this tag; an aborted one only if no other has it. */
  find(tag: number): T | undefined {
    let aborted: T | undefined;
    for (let at = this.first; at !== undefined; at = at.next) {
      if (at.task.tag !== tag) continue;
      if (!at.isAborted) return at;
      aborted ??= at;
    }
    return aborted;
  }

  /** The commands that are in the set now. */
  list(): T[] {
    const list: T[] = [];
    for (let at = this.first; at !== undefined; at = at.next) list.push(at);
    return list;
  }
}
