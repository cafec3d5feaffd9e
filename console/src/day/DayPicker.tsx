import { IconButton } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import { addDays, isDate } from '../i18n/zone';

interface DayPickerProps {
  date: string;
  today: string;
  onChange: (date: string) => void;
}

export function DayPicker({ date, today, onChange }: DayPickerProps) {
  const messages = useMessages();
  return (
    <div className="day-picker">
      <IconButton
        icon="chevronLeft"
        label={messages.day.previousDay}
        onClick={() => onChange(addDays(date, -1))}
      />
      <input
        type="date"
        data-testid="day-date"
        aria-label={messages.day.date}
        value={date}
        max={today}
        onChange={(event) => {
          if (isDate(event.target.value) && event.target.value <= today) onChange(event.target.value);
        }}
      />
      <IconButton
        icon="chevronRight"
        label={messages.day.nextDay}
        disabled={date >= today}
        onClick={() => onChange(addDays(date, 1))}
      />
      <button type="button" className="button" disabled={date === today} onClick={() => onChange(today)}>
        {messages.day.today}
      </button>
    </div>
  );
}
