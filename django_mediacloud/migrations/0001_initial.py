
import django.core.validators
import django.db.models.deletion
import django_mediacloud.core.states
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('attempt', models.PositiveIntegerField(default=1)),
                ('failures', models.PositiveIntegerField(default=0, help_text='Automatic tries so far that failed and may yet pass.')),
                ('lease_owner', models.CharField(blank=True, default='', max_length=200)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('run_after', models.DateTimeField(blank=True, help_text='Not to be looked at before.', null=True)),
                ('woken_at', models.DateTimeField(blank=True, help_text='When the queue was last told.', null=True)),
                ('failure_code', models.CharField(blank=True, default='', max_length=100)),
                ('failure_message', models.TextField(blank=True, default='')),
                ('failure_advice', models.TextField(blank=True, default='')),
                ('failure_is_retryable', models.BooleanField(default=False)),
                ('failure_log', models.TextField(blank=True, default='')),
                ('kind', models.CharField(choices=[('encoding', 'encoding'), ('process', 'process'), ('task', 'task')], max_length=16)),
                ('cloud', models.CharField(help_text="Alias in MEDIACLOUD['CLOUDS'].", max_length=64)),
                ('operation', models.CharField(max_length=100)),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('inputs', models.JSONField(blank=True, default=dict, help_text='Stored files by parameter name.')),
                ('priority', models.SmallIntegerField(default=0)),
                ('idempotency_key', models.CharField(blank=True, max_length=255, null=True, unique=True)),
                ('remote_id', models.CharField(blank=True, max_length=200, null=True)),
                ('callback_url', models.CharField(blank=True, default='', max_length=2000)),
                ('state', models.CharField(choices=[('new', 'new'), ('queued', 'queued'), ('submitting', 'submitting'), ('running', 'running'), ('collecting', 'collecting'), ('succeeded', 'succeeded'), ('failed', 'failed'), ('cancelling', 'cancelling'), ('cancelled', 'cancelled')], default=django_mediacloud.core.states.State['NEW'], max_length=16)),
                ('progress', models.FloatField(default=0.0, help_text='0 to 100.')),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('queued_at', models.DateTimeField(blank=True, null=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('values', models.JSONField(blank=True, default=dict, help_text='Output values.')),
                ('work_s', models.FloatField(blank=True, help_text='Seconds of work, by the clock.', null=True)),
                ('source_s', models.FloatField(blank=True, help_text='Seconds of source media.', null=True)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='task', serialize=False, to='mediacloud.job')),
                ('metas', models.JSONField(blank=True, default=dict, help_text="The submitter's own notes, kept as they are.")),
            ],
            options={
                'ordering': ['-job_id'],
            },
        ),
        migrations.CreateModel(
            name='Callback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=32)),
                ('attempt', models.PositiveIntegerField(help_text="The job's attempt that it tells of.")),
                ('url', models.CharField(max_length=2000)),
                ('state', models.CharField(choices=[('pending', 'pending'), ('delivered', 'delivered'), ('given_up', 'given up')], default=django_mediacloud.core.states.CallbackState['PENDING'], max_length=16)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('last_status', models.PositiveIntegerField(blank=True, null=True)),
                ('last_error', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='mediacloud.job')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Factory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=200)),
                ('cloud', models.CharField(default='default', help_text="Alias in MEDIACLOUD['CLOUDS'].", max_length=64)),
                ('storage', models.CharField(default='default', help_text='Alias in STORAGES.', max_length=64)),
                ('remote_id', models.CharField(blank=True, max_length=200, null=True)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'factories',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='JobEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('attempt', models.PositiveIntegerField()),
                ('from_state', models.CharField(blank=True, default='', max_length=16)),
                ('to_state', models.CharField(blank=True, default='', help_text='Empty for a mere note.', max_length=16)),
                ('message', models.TextField(blank=True, default='')),
                ('data', models.JSONField(blank=True, default=dict)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='mediacloud.job')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cloud', models.CharField(max_length=64)),
                ('dedupe_key', models.CharField(help_text='The same message twice is one row.', max_length=200, unique=True)),
                ('content_type', models.CharField(blank=True, default='', max_length=200)),
                ('headers', models.JSONField(blank=True, default=dict, help_text='Without credentials.')),
                ('body', models.BinaryField(default=bytes)),
                ('is_verified', models.BooleanField(default=False, help_text='Signed, and the signature holds.')),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('applied_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('job', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notifications', to='mediacloud.job')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Output',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveIntegerField()),
                ('name', models.CharField(help_text="Relative to the job's folder.", max_length=255)),
                ('role', models.CharField(default='output', max_length=32)),
                ('storage', models.CharField(max_length=64)),
                ('path', models.CharField(max_length=500)),
                ('size_bytes', models.PositiveBigIntegerField(default=0)),
                ('content_type', models.CharField(blank=True, default='', max_length=100)),
                ('info', models.JSONField(blank=True, default=dict)),
                ('is_ready', models.BooleanField(default=False, help_text='Whole, and its job succeeded.')),
                ('expires_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outputs', to='mediacloud.job')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=100, unique=True, validators=[django.core.validators.RegexValidator('\\A[A-Za-z0-9][A-Za-z0-9._-]*\\Z')])),
                ('title', models.CharField(blank=True, default='', max_length=200)),
                ('cloud', models.CharField(default='default', help_text='Whose operation this is.', max_length=64)),
                ('operation', models.CharField(default='media.encode', max_length=100)),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('preset_name', models.CharField(blank=True, default='', help_text='The preset that it came from.', max_length=100)),
                ('is_default', models.BooleanField(default=False, help_text='Used where a submission names no profile.')),
                ('remote_id', models.CharField(blank=True, max_length=200, null=True)),
                ('factory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='profiles', to='mediacloud.factory')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Video',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('attempt', models.PositiveIntegerField(default=1)),
                ('failures', models.PositiveIntegerField(default=0, help_text='Automatic tries so far that failed and may yet pass.')),
                ('lease_owner', models.CharField(blank=True, default='', max_length=200)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('run_after', models.DateTimeField(blank=True, help_text='Not to be looked at before.', null=True)),
                ('woken_at', models.DateTimeField(blank=True, help_text='When the queue was last told.', null=True)),
                ('failure_code', models.CharField(blank=True, default='', max_length=100)),
                ('failure_message', models.TextField(blank=True, default='')),
                ('failure_advice', models.TextField(blank=True, default='')),
                ('failure_is_retryable', models.BooleanField(default=False)),
                ('failure_log', models.TextField(blank=True, default='')),
                ('title', models.CharField(blank=True, default='', max_length=300)),
                ('original_filename', models.CharField(blank=True, default='', max_length=300)),
                ('source_url', models.CharField(blank=True, default='', max_length=2000)),
                ('payload', models.CharField(blank=True, default='', help_text="The submitter's own words.", max_length=256)),
                ('storage', models.CharField(default='default', max_length=64)),
                ('path', models.CharField(blank=True, default='', max_length=500)),
                ('size_bytes', models.PositiveBigIntegerField(blank=True, null=True)),
                ('content_type', models.CharField(blank=True, default='', max_length=100)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('ingesting', 'ingesting'), ('ready', 'ready'), ('failed', 'failed')], default=django_mediacloud.core.states.SourceState['WAITING'], max_length=16)),
                ('duration_s', models.FloatField(blank=True, null=True)),
                ('width', models.PositiveIntegerField(blank=True, help_text='As seen: upright, in square pixels.', null=True)),
                ('height', models.PositiveIntegerField(blank=True, null=True)),
                ('facts', models.JSONField(blank=True, default=dict, help_text='core.media.MediaInfo')),
                ('encoded_at', models.DateTimeField(blank=True, help_text='When the last of its encodings ended.', null=True)),
                ('idempotency_key', models.CharField(blank=True, max_length=255, null=True, unique=True)),
                ('remote_id', models.CharField(blank=True, max_length=200, null=True)),
                ('factory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to='mediacloud.factory')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Encoding',
            fields=[
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='encoding', serialize=False, to='mediacloud.job')),
                ('profile_name', models.CharField(help_text='Kept when the profile goes.', max_length=100)),
                ('profile', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='encodings', to='mediacloud.profile')),
                ('video', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='encodings', to='mediacloud.video')),
            ],
            options={
                'ordering': ['-job_id'],
            },
        ),
        migrations.CreateModel(
            name='Process',
            fields=[
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='process', serialize=False, to='mediacloud.job')),
                ('filename', models.CharField(blank=True, default='', max_length=300)),
                ('input_format', models.CharField(blank=True, default='', max_length=32)),
                ('output_format', models.CharField(max_length=32)),
                ('factory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='processes', to='mediacloud.factory')),
            ],
            options={
                'verbose_name_plural': 'processes',
                'ordering': ['-job_id'],
            },
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['state', '-priority', 'id'], name='mediacloud_job_ready'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['state', 'lease_until'], name='mediacloud_job_lease'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['-created_at'], name='mediacloud_job_newest'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['owner', '-created_at'], name='mediacloud_job_owned'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['operation', 'state', '-finished_at'], name='mediacloud_job_history'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['new', 'queued', 'submitting', 'running', 'collecting', 'succeeded', 'failed', 'cancelling', 'cancelled'])), name='mediacloud_job_state_known'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('progress__gte', 0), ('progress__lte', 100)), name='mediacloud_job_progress_percent'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.UniqueConstraint(fields=('cloud', 'remote_id'), name='mediacloud_job_remote_once'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(fields=['state', 'next_try_at'], name='mediacloud_callback_due'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'delivered', 'given_up'])), name='mediacloud_callback_state_known'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.UniqueConstraint(fields=('job', 'attempt', 'event'), name='mediacloud_callback_once'),
        ),
        migrations.AddConstraint(
            model_name='factory',
            constraint=models.UniqueConstraint(fields=('cloud', 'remote_id'), name='mediacloud_factory_remote_once'),
        ),
        migrations.AddIndex(
            model_name='jobevent',
            index=models.Index(fields=['job', 'id'], name='mediacloud_event_history'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['applied_at', 'received_at'], name='mediacloud_notification_todo'),
        ),
        migrations.AddIndex(
            model_name='output',
            index=models.Index(fields=['-created_at'], name='mediacloud_output_newest'),
        ),
        migrations.AddIndex(
            model_name='output',
            index=models.Index(fields=['is_ready', 'job'], name='mediacloud_output_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='output',
            constraint=models.UniqueConstraint(fields=('job', 'attempt', 'name'), name='mediacloud_output_once'),
        ),
        migrations.AddConstraint(
            model_name='profile',
            constraint=models.UniqueConstraint(fields=('cloud', 'remote_id'), name='mediacloud_profile_remote_once'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['state', 'lease_until'], name='mediacloud_video_lease'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['-created_at'], name='mediacloud_video_newest'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['owner', '-created_at'], name='mediacloud_video_owned'),
        ),
        migrations.AddConstraint(
            model_name='video',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'ingesting', 'ready', 'failed'])), name='mediacloud_video_state_known'),
        ),
        migrations.AddConstraint(
            model_name='video',
            constraint=models.UniqueConstraint(fields=('factory', 'remote_id'), name='mediacloud_video_remote_once'),
        ),
    ]
