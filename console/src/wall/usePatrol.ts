import { useCallback, useEffect, useRef, useState } from 'react';
import { usePageVisible } from '../player/usePageVisible';
import { Patrol, type Hold, type PatrolPlan, type PatrolView } from './patrol';

export interface PatrolControl {
  /** Null: no patrol. */
  plan: PatrolPlan | null;
  view: PatrolView | null;
  paused: boolean;
  start: (plan: PatrolPlan) => void;
  stop: () => void;
  step: (groups: number) => void;
  setPaused: (paused: boolean) => void;
  /** The pointer is over the wall, or has left it. */
  point: (over: boolean) => void;
}

export function usePatrol(): PatrolControl {
  const [plan, setPlan] = useState<PatrolPlan | null>(null);
  const [view, setView] = useState<PatrolView | null>(null);
  const [paused, setPaused] = useState(false);
  const patrol = useRef<Patrol | null>(null);
  const visible = usePageVisible();

  useEffect(() => {
    if (plan === null) return undefined;
    const running = new Patrol(plan, setView);
    patrol.current = running;
    return () => {
      running.stop();
      patrol.current = null;
      setView(null);
    };
  }, [plan]);

  const hold = useCallback((why: Hold, on: boolean): void => patrol.current?.hold(why, on), []);
  useEffect(() => hold('page', !visible), [hold, plan, visible]);
  useEffect(() => hold('button', paused), [hold, plan, paused]);

  return {
    plan,
    view,
    paused,
    start: useCallback((next: PatrolPlan) => {
      setPaused(false);
      setPlan(next.groups.length === 0 ? null : next);
    }, []),
    stop: useCallback(() => setPlan(null), []),
    step: (groups) => patrol.current?.step(groups),
    setPaused,
    point: useCallback((over: boolean) => hold('pointer', over), [hold]),
  };
}
