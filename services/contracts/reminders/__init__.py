"""reminders: what a post or a person must act on now, until he has acted."""

from contracts.reminders.channels import *
from contracts.reminders.items import *
from contracts.reminders.ladders import *
from contracts.reminders.nudges import *
from contracts.reminders.personal import *
