import { useCallback } from 'react';
import { listOffline } from '../../api/operations';
import { explainReason } from '../../cameras/reason';
import { useRegistry } from '../../cameras/RegistryProvider';
import { formatDuration } from '../../i18n/format';
import { useLocale } from '../../i18n/LocaleProvider';
import { dateTimeOf } from '../../i18n/zone';
import { hrefOf } from '../../route';
import { useSession } from '../../session/SessionProvider';
import { useNow } from '../../session/useNow';
import { ListBody, Panel, Table, useRegionName } from '../parts';
import { usePages } from '../usePages';
import { useWords } from '../words/useWords';

/** Who is away, why and since when; read again when an event says that it is another list. */
export function OfflinePanel({ region }: { region: string }) {
  const { locale, messages } = useLocale();
  const words = useWords();
  const { api } = useSession();
  const { cameras } = useRegistry();
  const nameOf = useRegionName();
  const away = cameras
    .filter((camera) => camera.state === 'OFFLINE')
    .map((camera) => `${camera.name} ${camera.state_reason}`)
    .join('\n');
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => {
      void away;
      return listOffline(api, region, token, signal);
    },
    [api, region, away],
  );
  const list = usePages(fetchPage);
  const now = useNow(5000);
  return (
    <Panel title={words.dashboard.offline} testId="offline" busy={list.busy}>
      <ListBody list={list} empty={words.dashboard.nobodyOffline}>
        <Table
          label={words.dashboard.offline}
          testId="offline-list"
          heads={[
            words.dashboard.camera,
            words.dashboard.region,
            words.dashboard.cause,
            words.dashboard.since,
            words.dashboard.forTime,
          ]}
        >
          {list.items.map((camera) => {
            const { sentence, rest } = explainReason(camera.state_reason, messages);
            const since = camera.state_time === null ? null : Date.parse(camera.state_time);
            return (
              <tr key={camera.name} data-camera={camera.name}>
                <th scope="row">
                  <a
                    className="link-button"
                    href={hrefOf({ screen: 'day', camera: camera.name, date: null })}
                  >
                    {camera.display_name}
                  </a>
                </th>
                <td>{nameOf(camera.region)}</td>
                <td title={rest}>{sentence || '–'}</td>
                <td className="digits">{since === null ? '–' : dateTimeOf(since)}</td>
                <td className="digits">{since === null ? '–' : formatDuration(now - since, locale)}</td>
              </tr>
            );
          })}
        </Table>
      </ListBody>
    </Panel>
  );
}
