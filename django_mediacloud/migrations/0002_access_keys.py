
import django.db.models.deletion
import django_mediacloud.models.access
import uuid
from django.conf import settings
from django.db import migrations, models


def forget_protocols(apps, schema_editor):
    """On the way back: what came before speaks no protocol, and has room for one callback of an event."""
    callbacks = apps.get_model('mediacloud', 'Callback').objects.using(schema_editor.connection.alias)
    callbacks.exclude(protocol='').delete()


class Migration(migrations.Migration):

    dependencies = [
        ('mediacloud', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('service', models.CharField(help_text='The cloud whose protocol is spoken.', max_length=64)),
                ('name', models.CharField(blank=True, default='', help_text='For people: who uses it, and where.', max_length=200)),
                ('cloud', models.CharField(default='default', help_text="Who does the work: MEDIACLOUD['CLOUDS'].", max_length=64)),
                ('public_key', models.CharField(blank=True, max_length=64, null=True)),
                ('secret_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('referrers', models.JSONField(blank=True, default=list, help_text='Hosts whose pages may use the public key, such as example.com.')),
                ('max_unfinished', models.PositiveIntegerField(default=1000, help_text='Jobs that may wait or run at once.')),
                ('max_per_minute', models.PositiveIntegerField(default=600, help_text='Jobs that may be made in a minute.')),
                ('keep_days', models.PositiveIntegerField(default=0, help_text='Files go after so many days; 0: they stay.')),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('use_count', models.PositiveBigIntegerField(default=0)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('refused_count', models.PositiveBigIntegerField(default=0, help_text='Wrong page, revoked, or over a limit.')),
                ('last_refused_at', models.DateTimeField(blank=True, null=True)),
                ('minute', models.PositiveBigIntegerField(default=0, help_text='The minute that minute_count counts, since 1970.')),
                ('minute_count', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='callback',
            name='mediacloud_callback_once',
        ),
        migrations.AddField(
            model_name='callback',
            name='protocol',
            field=models.CharField(blank=True, default='', help_text="Whose words; empty: this app's own.", max_length=64),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_protocols),
        migrations.AddField(
            model_name='job',
            name='destination',
            field=models.JSONField(blank=True, default=dict, help_text='core.spec.Delivery: where the files go instead.'),
        ),
        migrations.AddField(
            model_name='job',
            name='hooks',
            field=models.JSONField(blank=True, default=list, help_text='core.spec.Hook: who else is told, in which words.'),
        ),
        migrations.AddField(
            model_name='job',
            name='keep_s',
            field=models.FloatField(blank=True, help_text='Files go so many seconds after the end.', null=True),
        ),
        migrations.AddField(
            model_name='job',
            name='sealed',
            field=models.TextField(blank=True, default='', help_text='Secrets among the parameters, encrypted.'),
        ),
        migrations.AddField(
            model_name='output',
            name='url',
            field=models.CharField(blank=True, default='', help_text='Where it was delivered to, if it was.', max_length=2000),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.UniqueConstraint(fields=('job', 'attempt', 'event', 'protocol'), name='mediacloud_callback_once'),
        ),
        migrations.AddField(
            model_name='accesskey',
            name='owner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django_mediacloud.models.access.end_with_owner, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='job',
            name='access_key',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='mediacloud.accesskey'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['updated_at'], name='mediacloud_job_changed'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['access_key', 'state'], name='mediacloud_job_of_key'),
        ),
        migrations.AddIndex(
            model_name='accesskey',
            index=models.Index(fields=['service', 'owner'], name='mediacloud_accesskey_account'),
        ),
        migrations.AddConstraint(
            model_name='accesskey',
            constraint=models.UniqueConstraint(fields=('service', 'public_key'), name='mediacloud_accesskey_public_once'),
        ),
    ]
