import { useState } from 'react';
import { deleteCamera, updateCamera } from '../api/cameras';
import { isAway, isForbidden, Problem } from '../api/problem';
import type { Camera } from '../api/types';
import { Dialog } from '../design/Dialog';
import { DialogFoot } from '../design/DialogFoot';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { goTo } from '../route';
import { useSession } from '../session/SessionProvider';
import { CameraEditor } from './CameraEditor';
import { changesOf, formOf } from './draft';
import { PublishKeys } from './PublishKeys';
import { useRegistry } from './RegistryProvider';

/** The source URL of a camera that connects to the platform. */
const PUBLISHES = 'push:';

/** Edit and delete, for those who may. */
export function CameraActions({ camera }: { camera: Camera }) {
  const messages = useMessages();
  const { mayManage } = useRegistry();
  const [open, setOpen] = useState<'edit' | 'keys' | 'remove' | null>(null);
  const close = () => setOpen(null);
  if (!mayManage && open === null) return null;
  return (
    <div className="camera-actions">
      <button type="button" className="button" data-testid="camera-edit" onClick={() => setOpen('edit')}>
        <Icon name="edit" size={16} /> {messages.camera.edit}
      </button>
      <button type="button" className="button" data-testid="camera-remove" onClick={() => setOpen('remove')}>
        <Icon name="trash" size={16} /> {messages.camera.remove}
      </button>
      {camera.source_url === PUBLISHES ? (
        <button type="button" className="button" data-testid="camera-keys" onClick={() => setOpen('keys')}>
          {messages.publish.keys}
        </button>
      ) : null}
      {open === 'keys' ? <PublishKeys camera={camera} onClose={close} /> : null}
      {open === 'edit' ? <EditDialog camera={camera} onClose={close} /> : null}
      {open === 'remove' ? <RemoveDialog camera={camera} onClose={close} /> : null}
    </div>
  );
}

interface ActionProps {
  camera: Camera;
  onClose: () => void;
}

function EditDialog({ camera, onClose }: ActionProps) {
  const messages = useMessages();
  const { api } = useSession();
  const { reload } = useRegistry();
  // As it was when the dialog opened: polling must not change what is being edited, nor its version.
  const [opened] = useState(camera);
  const [before] = useState(() => formOf(camera));
  return (
    <Dialog title={messages.camera.editTitle(camera.display_name)} onClose={onClose}>
      <CameraEditor
        initial={before}
        isNew={false}
        onCancel={onClose}
        onSave={async (form) => {
          const changes = changesOf(before, form);
          if (Object.keys(changes).length > 0) {
            await updateCamera(api, opened.name, changes, opened.etag);
            reload();
          }
          onClose();
        }}
      />
    </Dialog>
  );
}

function RemoveDialog({ camera, onClose }: ActionProps) {
  const messages = useMessages();
  const { api } = useSession();
  const { reload, refuseManaging } = useRegistry();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const remove = async () => {
    setBusy(true);
    try {
      await deleteCamera(api, camera.name);
      reload();
      goTo({ screen: 'wall' });
    } catch (error) {
      setBusy(false);
      if (isForbidden(error)) {
        setProblem(messages.camera.forbidden);
        refuseManaging();
      } else if (isAway(error)) setProblem(messages.common.serverAway);
      else if (error instanceof Problem) setProblem(messages.common.failed(error.message));
      else throw error;
    }
  };

  return (
    <Dialog title={messages.camera.removeTitle(camera.display_name)} narrow onClose={onClose}>
      <p className="dialog-body">{messages.camera.removeText}</p>
      <DialogFoot
        problem={problem}
        submit={busy ? messages.camera.removing : messages.camera.remove}
        testId="camera-remove-confirm"
        danger
        busy={busy}
        onCancel={onClose}
        onSubmit={() => void remove()}
      />
    </Dialog>
  );
}
