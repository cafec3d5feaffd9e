import { useMemo, useState } from 'react';
import { IconButton } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import { goTo } from '../route';
import { useSession } from '../session/SessionProvider';
import { CameraMap } from './CameraMap';
import './find.css';
import { areaOf, emptyForm, formOf, NearForm, withArea, type Form } from './NearForm';
import { NearResults } from './NearResults';
import { PickedCameras } from './PickedCameras';
import type { Tool } from './map/MapView';
import { useNear } from './useNear';
import { FARTHEST_M, queryOf, wishOf, type Wish } from './wish';

const TOOLS = [
  ['pan', 'move'],
  ['circle', 'target'],
  ['lasso', 'lasso'],
] as const;

/** A place on the map and some minutes: which cameras recorded there, to be seen together or taken along. */
export function FindScreen({ query }: { query: string }) {
  const words = useMessages().take;
  const { clock } = useSession();
  const wish = useMemo(() => wishOf(query), [query]);
  const [form, setForm] = useState<Form>(() => (wish ? formOf(wish) : emptyForm(clock.now())));
  const [seen, setSeen] = useState(query);
  const [turn, setTurn] = useState(0);
  const [tool, setTool] = useState<Tool>('pan');
  const [picked, setPicked] = useState<string[]>([]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const found = useNear(wish, turn);
  if (seen !== query) {
    setSeen(query);
    setChosen(new Set());
    if (wish !== null) setForm(formOf(wish));
  }
  const area = useMemo(() => areaOf(form), [form]);
  const marked = useMemo(() => new Set([...picked, ...chosen]), [picked, chosen]);

  const look = (next: Wish) => {
    const address = queryOf(next);
    setPicked([]);
    if (address === query) setTurn((before) => before + 1);
    else goTo({ screen: 'find', query: address });
  };

  return (
    <div className="find-screen">
      <div className="find-map">
        <CameraMap
          tool={tool}
          area={area}
          marked={marked}
          onPick={setPicked}
          onArea={(drawn) => {
            const radius = drawn.kind === 'circle' ? Math.min(drawn.radius, FARTHEST_M) : 0;
            setForm((before) => withArea(before, drawn.kind === 'circle' ? { ...drawn, radius } : drawn));
          }}
          onUseCentre={(centre) =>
            setForm((before) =>
              withArea(before, { kind: 'circle', centre, radius: Number(before.radius) || 300 }),
            )
          }
        />
        <span className="segmented find-tools" role="group" aria-label={words.tools}>
          {TOOLS.map(([name, icon]) => (
            <IconButton
              key={name}
              icon={icon}
              label={words.toolNames[name]}
              data-testid={`tool-${name}`}
              aria-pressed={tool === name}
              onClick={() => setTool(name)}
            />
          ))}
        </span>
      </div>
      <aside className="find-side scroll" aria-label={words.find}>
        {picked.length > 0 ? (
          <PickedCameras
            names={picked}
            onClose={() => setPicked([])}
            onAround={(centre) =>
              setForm((before) => withArea(before, { kind: 'circle', centre, radius: 300 }))
            }
          />
        ) : null}
        <NearForm form={form} onChange={setForm} onLook={look} />
        {wish === null ? (
          <p className="find-hint">{words.findHint}</p>
        ) : (
          <NearResults wish={wish} found={found} chosen={chosen} onChoose={setChosen} />
        )}
      </aside>
    </div>
  );
}
