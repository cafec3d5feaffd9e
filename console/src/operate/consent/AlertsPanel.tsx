import { useCallback } from 'react';
import { acknowledgeAlert, listAlerts } from '../../api/consent';
import { dateTimeOf } from '../../i18n/zone';
import { useSession } from '../../session/SessionProvider';
import { ActError, Panel } from '../parts';
import { useAct } from '../useAct';
import { usePages } from '../usePages';
import { useWords } from '../words/useWords';
import { useCameraName } from './useCameraName';

/** Emergencies that nobody sees to yet; nothing when there are none. */
export function AlertsPanel() {
  const words = useWords().consent;
  const { api } = useSession();
  const nameOf = useCameraName();
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => listAlerts(api, token, signal),
    [api],
  );
  const list = usePages(fetchPage);
  const act = useAct();
  const acknowledge = async (name: string) => {
    if (await act.run(() => acknowledgeAlert(api, name))) list.reload();
  };
  if (list.items.length === 0) return null;
  return (
    <Panel title={words.alerts} testId="alerts" busy={list.busy}>
      <ul className="page-column">
        {list.items.map((alert) => (
          <li key={alert.name} className="page-bar" data-testid="alert">
            <span>
              <span className="badge" data-tone="bad">
                {words.kinds.emergency}
              </span>{' '}
              <b>{alert.reason}</b>{' '}
              <span className="faint">
                {[
                  alert.requester,
                  alert.organisation,
                  ...alert.camera_uids.map((uid, index) => nameOf(alert.cameras[index] ?? '', uid)),
                  dateTimeOf(Date.parse(alert.create_time)),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </span>
            <button
              type="button"
              className="button"
              data-testid="alert-acknowledge"
              disabled={act.busy}
              onClick={() => void acknowledge(alert.name)}
            >
              {words.acknowledge}
            </button>
          </li>
        ))}
      </ul>
      <ActError error={act.error} />
    </Panel>
  );
}
