import { createAgenda } from './agenda.ts';
import type { Agenda } from './agenda.ts';

/**
 * What the sandbox has to do when. `lives` and `mail` run by the platforms' clock, as much faster than the wall's as was
 * asked for: stories are told by it, and the hub takes a platform's time as it is told. `customers` and `deeds` run by the
 * wall's clock: they are about orders that the hub made, whose hold and watchdog it counts by that clock, and a platform
 * that let an order lapse after a second of its twenty minutes would be no platform that the hub could keep up with.
 */
export interface Agendas {
  /** When steps of stories happen. */
  readonly lives: Agenda;
  /** When callbacks go out: an agenda of its own, so that mail can be hurried while lives stand still. */
  readonly mail: Agenda;
  /** When customers pay. */
  readonly customers: Agenda;
  /** What platforms do by themselves about orders that the hub made. */
  readonly deeds: Agenda;
  setSpeed(speed: number): void;
  stop(): void;
}

const WALL_SPEED = 1;

/** @param gate while it says no, hurried lives stand still: what they would tell could not be sent yet */
export function createAgendas(speed: number, gate: () => boolean): Agendas {
  const wallClock = (): number => performance.now();
  const lives = createAgenda(speed, wallClock, gate);
  const mail = createAgenda(speed, wallClock);
  const customers = createAgenda(WALL_SPEED, wallClock);
  const deeds = createAgenda(WALL_SPEED, wallClock);
  return {
    ...{ lives, mail, customers, deeds },
    setSpeed(next) {
      lives.setSpeed(next);
      mail.setSpeed(next);
    },
    stop() {
      for (const agenda of [lives, mail, customers, deeds]) agenda.stop();
    },
  };
}
