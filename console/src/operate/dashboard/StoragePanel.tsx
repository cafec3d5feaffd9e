import { useCallback } from 'react';
import { getStorage, listRetentionPolicies } from '../../api/operations';
import { isForbidden } from '../../api/problem';
import { Spinner } from '../../design/controls';
import { useMessages } from '../../i18n/LocaleProvider';
import { dateTimeOf } from '../../i18n/zone';
import { useSession } from '../../session/SessionProvider';
import { formatBytes } from '../../i18n/format';
import { Failure, Panel, Table, useRegionName } from '../parts';
import { useLoad } from '../useLoad';
import { useWords } from '../words/useWords';
import { Share } from './Share';

/** Stores and how long footage is kept; nothing at all for whom it does not concern. */
export function StoragePanel({ minute }: { minute: number }) {
  const messages = useMessages();
  const words = useWords();
  const { api } = useSession();
  const nameOf = useRegionName();
  const load = useCallback(
    (signal: AbortSignal) => {
      void minute;
      return Promise.all([getStorage(api, signal), listRetentionPolicies(api, signal)]);
    },
    [api, minute],
  );
  const { data, error, busy, reload } = useLoad(load);
  if (isForbidden(error)) return null;
  const [storage, policies] = data ?? [];
  return (
    <Panel title={words.dashboard.storage} testId="storage" busy={busy}>
      {error !== null ? <Failure error={error} onRetry={reload} /> : null}
      {storage === undefined || policies === undefined ? (
        error === null ? (
          <Spinner label={messages.common.loading} />
        ) : null
      ) : (
        <>
          <Table
            label={words.dashboard.storage}
            testId="stores"
            heads={[
              words.dashboard.store,
              words.dashboard.state,
              words.dashboard.used,
              words.dashboard.capacity,
              words.dashboard.daysLeft,
            ]}
          >
            {storage.stores.map((store) => (
              <tr key={store.name}>
                <th scope="row">{store.name}</th>
                <td>
                  {store.state === 'AWAY'
                    ? words.dashboard.awaySince(
                        store.away_since === null ? '–' : dateTimeOf(Date.parse(store.away_since)),
                      )
                    : store.fill === null
                      ? '–'
                      : words.dashboard.fills[store.fill]}
                </td>
                <td className="digits">{store.used_bytes === null ? '–' : formatBytes(store.used_bytes)}</td>
                <td>
                  {store.capacity_bytes === null ? (
                    words.dashboard.unlimited
                  ) : (
                    <>
                      <span className="digits">{formatBytes(store.capacity_bytes)}</span>{' '}
                      <Share value={(store.used_bytes ?? 0) / store.capacity_bytes} />
                    </>
                  )}
                </td>
                <td className="digits">{store.days_left === null ? '–' : Math.floor(store.days_left)}</td>
              </tr>
            ))}
          </Table>
          <Table
            label={words.dashboard.retention}
            testId="policies"
            heads={[words.dashboard.retention, words.dashboard.days, words.dashboard.minimumDays]}
          >
            {policies.map((policy) => (
              <tr key={policy.name}>
                <th scope="row">{policyName(policy.name)}</th>
                <td className="digits">{policy.days}</td>
                <td className="digits">{policy.minimum_days}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </Panel>
  );

  function policyName(name: string): string {
    const id = name.replace('retentionPolicies/', '');
    const ofClass = /^class-([123])$/.exec(id);
    if (ofClass) return messages.camera.classes[Number(ofClass[1]) as 1 | 2 | 3];
    const ofRegion = /^region-(.+)$/.exec(id);
    if (ofRegion?.[1] !== undefined) return nameOf(`regions/${ofRegion[1]}`);
    return id === 'default' ? words.dashboard.defaultPolicy : id;
  }
}
