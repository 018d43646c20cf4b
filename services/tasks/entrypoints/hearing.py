"""What messaging says of an order."""

from chassis.inbox import hears
from contracts import messaging
from tasks.use_cases import orders


class Hearing:
    @hears(messaging.transcript_sealed)
    def on_transcript_sealed(self, tx, event):
        orders.file_transcript(tx, event.data)
