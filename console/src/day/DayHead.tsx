import type { ReactNode } from 'react';
import type { Camera } from '../api/types';
import { reasonLine } from '../cameras/reason';
import { useRegistry } from '../cameras/RegistryProvider';
import { regionPath } from '../cameras/tree';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { goTo, hrefOf } from '../route';
import { DayPicker } from './DayPicker';

interface DayHeadProps {
  camera: Camera;
  beside: readonly string[];
  date: string;
  today: string;
  children: ReactNode;
}

/** Which camera and which day, and what can be done with them. */
export function DayHead({ camera, beside, date, today, children }: DayHeadProps) {
  const messages = useMessages();
  const { regions } = useRegistry();
  const reason = camera.state_reason === '' ? undefined : reasonLine(camera.state_reason, messages);
  return (
    <header className="day-head">
      <a
        className="quiet-button"
        data-testid="back-to-wall"
        href={hrefOf({ screen: 'wall' })}
        aria-label={messages.day.back}
      >
        <Icon name="chevronLeft" size={16} /> <span className="day-back">{messages.day.back}</span>
      </a>
      <div className="day-title">
        <h1>{camera.display_name}</h1>
        <span className="day-path">{regionPath(regions, camera.region).join(' / ')}</span>
      </div>
      <span className="state-pill" data-state={camera.state.toLowerCase()} title={reason}>
        <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />
        {messages.state[camera.state]}
      </span>
      <span className="topbar-space" />
      {children}
      <DayPicker
        date={date}
        today={today}
        onChange={(next) =>
          goTo({ screen: 'day', camera: camera.name, date: next === today ? null : next, beside })
        }
      />
    </header>
  );
}
