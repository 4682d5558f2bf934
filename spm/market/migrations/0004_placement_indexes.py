import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0003_overlay_ends")]

    operations = [
        migrations.AlterField(
            model_name="accountplacement",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="placements",
                to="market.account",
            ),
        ),
        migrations.AlterField(
            model_name="historicalaccountplacement",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="market.account",
            ),
        ),
        migrations.AlterField(
            model_name="historicalaccountplacement",
            name="territory",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="market.territory",
            ),
        ),
    ]
