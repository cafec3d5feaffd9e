import { useEffect, useRef, useState } from 'react';
import { CAMERA_DRAG } from '../cameras/drag';
import { useRegistry } from '../cameras/RegistryProvider';
import { IconButton } from '../design/controls';
import { rem } from '../design/unit';
import { useMessages } from '../i18n/LocaleProvider';
import type { Place, Point } from './map/geo';
import { MapView, type Tool } from './map/MapView';
import type { Area } from './map/painter';
import './map.css';

interface CameraMapProps {
  tool?: Tool;
  area?: Area | null;
  marked?: ReadonlySet<string>;
  onPick: (cameras: string[]) => void;
  onArea?: (area: Area) => void;
  /** Told where the middle of the map is, on request. */
  onUseCentre?: (centre: Place) => void;
}

const NONE: ReadonlySet<string> = new Set();

/** All cameras with a location. What is only to be seen here is in lists as well, for who does not see. */
export function CameraMap({
  tool = 'pan',
  area = null,
  marked = NONE,
  onPick,
  onArea,
  onUseCentre,
}: CameraMapProps) {
  const words = useMessages().take;
  const states = useMessages().state;
  const { regions, cameras, byName } = useRegistry();
  const surface = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [map, setMap] = useState<MapView | null>(null);
  const [hovered, setHovered] = useState<{ camera: string; at: Point } | null>(null);
  const events = useRef({ onPick, onArea });
  useEffect(() => {
    events.current = { onPick, onArea };
  });

  useEffect(() => {
    if (surface.current === null || canvas.current === null) return undefined;
    const created = new MapView(surface.current, canvas.current, {
      onPick: (picked) => events.current.onPick(picked),
      onArea: (drawn) => events.current.onArea?.(drawn),
      onHover: (camera, at) => setHovered(camera === null ? null : { camera, at }),
    });
    setMap(created);
    return () => created.destroy();
  }, []);
  useEffect(() => map?.setCameras(regions, cameras), [map, regions, cameras]);
  useEffect(() => map?.setArea(area), [map, area]);
  useEffect(() => map?.setMarked(marked), [map, marked]);
  useEffect(() => {
    map?.setTool(tool);
  }, [map, tool]);

  const camera = hovered ? byName.get(hovered.camera) : undefined;
  return (
    <div ref={surface} className="map" data-testid="map" data-tool={tool}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is worked by keys */}
      <div className="map-keys" role="application" tabIndex={0} aria-label={words.mapLabel}>
        <canvas ref={canvas} className="map-canvas" />
      </div>
      {hovered && camera ? (
        <button
          type="button"
          className="map-handle"
          data-testid="map-handle"
          data-camera={camera.name}
          style={{ left: rem(hovered.at.x), top: rem(hovered.at.y) }}
          tabIndex={-1}
          draggable
          aria-label={camera.display_name}
          onDragStart={(event) => {
            event.dataTransfer.setData(CAMERA_DRAG, camera.name);
            event.dataTransfer.effectAllowed = 'copy';
          }}
          onPointerLeave={() => setHovered(null)}
          onClick={() => onPick([camera.name])}
        >
          <span className="map-tip">
            <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />
            {camera.display_name}
            <span className="faint">{states[camera.state]}</span>
          </span>
        </button>
      ) : null}
      <div className="map-tools">
        <IconButton icon="plus" label={words.zoomIn} onClick={() => map?.zoom(2)} />
        <IconButton icon="minus" label={words.zoomOut} onClick={() => map?.zoom(0.5)} />
        <IconButton icon="fullScreen" label={words.fitAll} data-testid="map-fit" onClick={() => map?.fit()} />
        {onUseCentre && map ? (
          <IconButton
            icon="pin"
            label={words.useCentre}
            data-testid="map-centre"
            onClick={() => onUseCentre(map.centre())}
          />
        ) : null}
      </div>
      {cameras.every((each) => !each.location) ? <p className="map-none">{words.noLocations}</p> : null}
    </div>
  );
}
