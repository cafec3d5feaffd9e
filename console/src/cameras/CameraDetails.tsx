import { useEffect, useState } from 'react';
import { getCameraStatus } from '../api/cameras';
import { isAbort } from '../api/problem';
import type { Camera, CameraStatus } from '../api/types';
import { useMessages } from '../i18n/LocaleProvider';
import { formatBitRate } from '../i18n/format';
import { dateTimeOf } from '../i18n/zone';
import { useSession } from '../session/SessionProvider';
import { CameraActions } from './CameraActions';
import { codecLabel } from './codecNames';
import { CameraHealthFacts } from './CameraHealthFacts';
import './details.css';
import { Fact } from './Fact';
import { reasonLine } from './reason';
import { useRegistry } from './RegistryProvider';
import { regionPath } from './tree';

const POLL_MS = 5000;
export function CameraDetails({ camera }: { camera: Camera }) {
  const messages = useMessages();
  const { regions } = useRegistry();
  const words = messages.camera;
  const yesNo = (value: boolean) => (value ? messages.common.yes : messages.common.no);
  return (
    <div className="details" data-testid="camera-details">
      <StreamFacts camera={camera} />
      <CameraHealthFacts camera={camera.name} />
      <h3>{words.file}</h3>
      <dl className="facts">
        <Fact label={words.id}>{camera.name.replace(/^cameras\//, '')}</Fact>
        <Fact label={words.region}>{regionPath(regions, camera.region).join(' / ') || camera.region}</Fact>
        <Fact label={words.ownership}>{messages.camera.ownerships[camera.ownership]}</Fact>
        <Fact label={words.owner}>{camera.owner}</Fact>
        <Fact label={words.managingUnit}>{camera.managing_unit}</Fact>
        <Fact label={words.operator}>{camera.operator}</Fact>
        <Fact label={words.cameraClass}>{words.classes[camera.camera_class as 1 | 2 | 3]}</Fact>
        <Fact label={words.location}>
          {camera.location ? `${camera.location.latitude}, ${camera.location.longitude}` : ''}
        </Fact>
        <Fact label={words.sourceUrl}>{camera.source_url}</Fact>
        <Fact label={words.subSourceUrl}>{camera.sub_source_url}</Fact>
        <Fact label={words.schedule}>{camera.schedule || words.always}</Fact>
        <Fact label={words.retention}>
          {camera.retention_days ? words.days(camera.retention_days) : words.retentionByPolicy}
        </Fact>
        <Fact label={words.audio}>{yesNo(camera.audio)}</Fact>
        <Fact label={words.listed}>{yesNo(camera.listed_for_residents)}</Fact>
        {Object.entries(camera.dossier ?? {}).map(([key, value]) => (
          <Fact key={key} label={key}>
            {value}
          </Fact>
        ))}
      </dl>
      <CameraActions camera={camera} />
    </div>
  );
}

/** What the camera's session says of itself just now. */
function StreamFacts({ camera }: { camera: Camera }) {
  const messages = useMessages();
  const words = messages.camera;
  const { status, failed } = useCameraStatus(camera.name);
  const media = status?.media;
  const reason = status?.state_reason || camera.state_reason;
  const state = status?.state ?? camera.state;
  return (
    <>
      <h3>{words.stream}</h3>
      {failed && status === null ? <p className="field-error">{words.statusFailed}</p> : null}
      <dl className="facts">
        <Fact label={words.state}>
          {messages.state[state]}
          {reason ? <span className="facts-note">{reasonLine(reason, messages)}</span> : null}
        </Fact>
        {status?.state_time ? (
          <Fact label={words.since}>{dateTimeOf(Date.parse(status.state_time))}</Fact>
        ) : null}
        {media?.video_codec ? (
          <>
            <Fact label={words.video}>
              {[
                codecLabel(media.video_codec),
                `${media.width}×${media.height}`,
                `${Math.round(media.frames_per_second)} fps`,
              ].join(' · ')}
            </Fact>
            <Fact label={words.audioStream}>{codecLabel(media.audio_codec)}</Fact>
            <Fact label={words.bitRate}>{formatBitRate(Number(media.bits_per_second))}</Fact>
          </>
        ) : null}
        {status ? <Fact label={words.packetsLost}>{String(status.packets_lost ?? 0)}</Fact> : null}
      </dl>
      <details className="changes">
        <summary>{words.changes}</summary>
        {(status?.changes ?? []).length === 0 ? <p className="faint">{words.noChanges}</p> : null}
        <ul>
          {(status?.changes ?? []).slice(0, 20).map((change) => (
            <li key={`${change.time} ${change.state}`}>
              <span className="digits">{dateTimeOf(Date.parse(change.time))}</span>
              <span>
                <i className="state-dot" data-state={change.state.toLowerCase()} aria-hidden="true" />{' '}
                {messages.state[change.state]}
              </span>
              {change.reason ? (
                <span className="facts-note">{reasonLine(change.reason, messages)}</span>
              ) : null}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function useCameraStatus(camera: string): { status: CameraStatus | null; failed: boolean } {
  const { api } = useSession();
  const [status, setStatus] = useState<CameraStatus | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        setStatus(await getCameraStatus(api, camera, controller.signal));
        setFailed(false);
      } catch (error) {
        if (isAbort(error) || controller.signal.aborted) return;
        setFailed(true);
      }
      timer = setTimeout(() => void read(), POLL_MS);
    };
    void read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [api, camera]);
  return { status, failed };
}
